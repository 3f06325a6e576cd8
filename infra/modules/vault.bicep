// The vault with the stores' Digible tokens, one secret a store.

param location string
param tags object
param name string
param workspaceId string

@description('Disabled: only private endpoints lead in.')
@allowed([
  'Disabled'
  'Enabled'
])
param publicNetworkAccess string

@description('Whether a deleted vault of this name is taken into use again.')
param isRecovered bool

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  // checkov:skip=CKV_AZURE_109: the PCs of the stores come from anywhere; the parameter publicNetworkAccess closes it
  // checkov:skip=CKV_AZURE_189: the same
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    createMode: isRecovered ? 'recover' : 'default'
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    enablePurgeProtection: true
    enableRbacAuthorization: true
    enableSoftDelete: true
    // The shortest there is: a deleted token is replaced by a login, and is better gone.
    softDeleteRetentionInDays: 7
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      bypass: 'None'
      defaultAction: publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'
    }
  }
}

// Who set or read which token, and when.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

output url string = vault.properties.vaultUri
