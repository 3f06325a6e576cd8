// The storage account of catalogues, run records, locks and queues, which the Functions host uses too.

param location string
param tags object
param name string
param redundancy string
param catalogRetentionDays int

@description('Disabled: only private endpoints lead in.')
@allowed([
  'Disabled'
  'Enabled'
])
param publicNetworkAccess string

var containerNames = [
  'catalogs'
  'runs'
  'locks'
  'deployment'
  'dead-letters'
]

// The function makes them when it first needs them, but is woken by a queue only if it is there.
var queueNames = [
  'catalog-retries'
  'catalog-retries-poison'
  'webjobs-blobtrigger-poison'
]

// A blob without a record is sent again: a record must outlive its catalogue, by more than the days that
// lifecycle management may be late. Nothing of `locks` ever goes: without its note of the newest catalogue,
// an old one could come after it.
var retention = [
  {
    container: 'catalogs'
    days: catalogRetentionDays
  }
  {
    container: 'runs'
    days: catalogRetentionDays + 60
  }
  {
    container: 'dead-letters'
    days: catalogRetentionDays
  }
]

// Every batch rewrites its run's record, and soft delete keeps each state of it: about 26 of 3 KB for a
// catalogue of 5,000 products, and listings get slower with their number. So it is short: a weekend.
var softDeleteDays = 3

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  // checkov:skip=CKV_AZURE_35: the PCs of the stores come from anywhere; the parameter publicNetworkAccess closes it
  // checkov:skip=CKV_AZURE_206: a lost account costs an upload by each store; the operator chooses
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    // Folders would be blobs of their own, and files would raise events before their content is there.
    isHnsEnabled: false
    isLocalUserEnabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: publicNetworkAccess
    supportsHttpsTrafficOnly: true
    networkAcls: {
      // Event Grid, by its own identity, must be able to leave dead letters.
      bypass: 'AzureServices'
      defaultAction: publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    // It would keep every state of every run record for good.
    isVersioningEnabled: false
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for containerName in containerNames: {
    parent: blobs
    name: containerName
    properties: {
      publicAccess: 'None'
    }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queueName in queueNames: {
    parent: queueService
    name: queueName
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        for kept in retention: {
          name: kept.container
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${kept.container}/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: kept.days
                }
              }
            }
          }
        }
      ]
    }
  }
}

output blobEndpoint string = account.properties.primaryEndpoints.blob
