"""What a store's PC needs: its settings file, and the steps with which it signs in. No secret is in it."""

from contract.blobs import StoreName
from infra.installation import Installation
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

[azure]                               # how this computer signs in
{sign_in}

[key_vault]                           # where `shopmaster login` puts the store's token
url = "{vault_url}"
"""

_BY_CERTIFICATE = """\
sign_in = "certificate"
tenant_id = "{tenant}"
client_id = "{app}"
certificate = "sign-in.pfx"           # beside this file; on Linux "sign-in.pem\""""

_BY_IDENTITY = """\
sign_in = "managed_identity"
# client_id = "..."                   # only of a user-assigned one"""

_ARC = """\
2. The PC signs in as the Arc machine {name}. The account that runs `shopmaster` must be allowed to
   (a schedule's is "NT AUTHORITY\\NETWORK SERVICE" unless another was chosen):
   Windows:  net localgroup "Hybrid agent extension applications" ACCOUNT /add
   Linux:    sudo usermod --append --groups himds ACCOUNT
   Then sign that account out and in again. Administrators (root) may already."""

_CERTIFICATE = "2. The PC signs in by the certificate that it made, which stays where it is."

_USER = "2. {name} signs in on the computer with `az login --tenant {tenant}`."

_MACHINE = "2. The computer signs in by the managed identity {name}, which must be its own."

_REST = """\
3. New rights need up to ten minutes. Then, on the PC, with the e-mail and password of its owner at
   Digible:
     shopmaster login
     shopmaster check
     shopmaster upload
   and here:
     python -m infra.store check {store}"""

_WAYS = {
    PrincipalKind.ARC: ('sign_in = "arc"', _ARC),
    PrincipalKind.APP: (_BY_CERTIFICATE, _CERTIFICATE),
    PrincipalKind.IDENTITY: (_BY_IDENTITY, _MACHINE),
    PrincipalKind.USER: ('sign_in = "developer"', _USER),
}
"""What the settings say about the sign-in of each kind of principal, and what else is to be done."""


def settings_file(store: StoreName, principal: Principal, at: Installation, tenant: str) -> str:
    """Return the settings file of a store's PC, ready but for the database."""
    sign_in, _ = _WAYS[principal.kind]
    return _SETTINGS.format(
        store=store,
        blob_endpoint=at.blob_endpoint.rstrip("/"),
        vault_url=at.vault_url.rstrip("/"),
        sign_in=sign_in.format(tenant=tenant, app=principal.app),
    )


def handover(store: StoreName, principal: Principal, at: Installation, tenant: str) -> str:
    """Return everything that the PC of a store needs, as text for the operator."""
    _, step = _WAYS[principal.kind]
    steps = f"{step}\n\n{_REST}".format(name=principal.name, tenant=tenant, store=store)
    return (
        f"1. Save this on the PC as {_WINDOWS_FOLDER}\\shopmaster.toml (Linux:\n"
        "   /etc/shopmaster/shopmaster.toml), and fill in the database:\n\n"
        f"{settings_file(store, principal, at, tenant)}\n{steps}"
    )
