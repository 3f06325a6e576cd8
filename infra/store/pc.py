"""What a store's PC needs: its settings file, and the steps with which it signs in. No secret is in it."""

from contract.blobs import StoreName
from infra.installation import Installation, token_name
from infra.store.principals import Principal, PrincipalKind

_WINDOWS_FOLDER = r"C:\ProgramData\shopMaster"

MAKE_CERTIFICATE = r"""
A PC without Azure Arc signs in by a certificate, which it makes itself. The private key stays on it;
bring the file that ends in -public.pem.

Windows (PowerShell as administrator):

  $folder = "$env:ProgramData\shopMaster"
  New-Item -ItemType Directory -Force $folder | Out-Null
  $made = New-SelfSignedCertificate -Subject 'CN=shopmaster' -KeyLength 3072 `
      -KeyExportPolicy Exportable -CertStoreLocation Cert:\LocalMachine\My `
      -NotAfter (Get-Date).AddYears(2)
  New-Item -ItemType File -Force "$folder\sign-in.pfx" | Out-Null
  icacls "$folder\sign-in.pfx" /inheritance:r /grant:r '*S-1-5-32-544:F' '*S-1-5-18:F' '*S-1-5-20:R'
  [IO.File]::WriteAllBytes("$folder\sign-in.pfx", $made.Export('Pfx'))
  $text = [Convert]::ToBase64String($made.RawData, 'InsertLineBreaks')
  "-----BEGIN CERTIFICATE-----`n$text`n-----END CERTIFICATE-----" |
      Set-Content -Encoding ascii "$folder\sign-in-public.pem"
  Remove-Item "Cert:\LocalMachine\My\$($made.Thumbprint)" -DeleteKey

Linux (as root):

  mkdir -p /etc/shopmaster && cd /etc/shopmaster && umask 077
  openssl req -x509 -newkey rsa:3072 -nodes -days 730 -subj /CN=shopmaster \
      -keyout sign-in.key -out sign-in-public.pem
  cat sign-in.key sign-in-public.pem > sign-in.pem && rm sign-in.key
"""
"""The commands that make a certificate on the PC."""

_SETTINGS = """\
store = "{store}"

[database]                            # fill in: where the shop's products are
server = 'localhost\\SQLEXPRESS'
database = "Shop"
table = "dbo.Products"
authentication = "windows"            # or "sql", with a username

[columns]                             # if the columns have other names
product_id = "ProductID"
product_name = "ProductName"
sell_price = "SellPrice"

[storage]
account_url = "{blob_endpoint}"
"""

_ARC = """\
2. The PC signs in as the Arc machine {name}. The account that runs `shopmaster` must be allowed to:
   Windows:  net localgroup "Hybrid agent extension applications" ACCOUNT /add
   Linux:    sudo usermod --append --groups himds ACCOUNT
   Then sign that account out and in again. Administrators (root) may already."""

_CERTIFICATE = """\
2. The PC signs in by its certificate. Three variables tell `shopmaster` how:
   Windows (PowerShell as administrator):
     [Environment]::SetEnvironmentVariable('AZURE_TENANT_ID', '{tenant}', 'Machine')
     [Environment]::SetEnvironmentVariable('AZURE_CLIENT_ID', '{app}', 'Machine')
     [Environment]::SetEnvironmentVariable('AZURE_CLIENT_CERTIFICATE_PATH', '{windows}\\sign-in.pfx', 'Machine')
   Linux (in /etc/environment):
     AZURE_TENANT_ID={tenant}
     AZURE_CLIENT_ID={app}
     AZURE_CLIENT_CERTIFICATE_PATH=/etc/shopmaster/sign-in.pem"""

_USER = "2. {name} signs in on the computer with `az login --tenant {tenant}`."

_OTHER = "2. The computer must sign in as the {kind} {name}; how is up to whoever made it."

_REST = """\
3. The store's Digible token, in a file that is deleted afterwards (this needs the role Key Vault
   Secrets Officer on the vault; give the date on which the token expires):
     az keyvault secret set --vault-name {vault} --name {token} --file token.txt \\
         --expires YYYY-MM-DDThh:mm:ssZ --output none

4. New rights need up to ten minutes. Then, on the PC:
     shopmaster upload --dry-run
     shopmaster upload
   and here:
     python -m infra.store check {store}"""


def settings_file(store: StoreName, at: Installation) -> str:
    """Return the settings file of a store's PC, ready but for the database."""
    return _SETTINGS.format(store=store, blob_endpoint=at.blob_endpoint.rstrip("/"))


def handover(store: StoreName, principal: Principal, at: Installation, tenant: str) -> str:
    """Return everything that the PC of a store needs, as text for the operator."""
    sign_in = {
        PrincipalKind.ARC: _ARC,
        PrincipalKind.APP: _CERTIFICATE,
        PrincipalKind.USER: _USER,
    }.get(principal.kind, _OTHER)
    steps = f"{sign_in}\n\n{_REST}".format(
        kind=principal.kind,
        name=principal.name,
        app=principal.app,
        tenant=tenant,
        windows=_WINDOWS_FOLDER,
        vault=at.vault,
        token=token_name(store),
        store=store,
    )
    return (
        f"1. Save this on the PC as {_WINDOWS_FOLDER}\\shopmaster.toml (Linux:\n"
        "   /etc/shopmaster/shopmaster.toml), and fill in the database:\n\n"
        f"{settings_file(store, at)}\n{steps}"
    )
