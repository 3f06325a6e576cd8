targetScope = 'subscription'

// ---- Where and what ------------------------------------------------------------------------------------

@description('Name of the azd environment; the resource group is called rg-{name}.')
@minLength(1)
@maxLength(60)
param environmentName string

@description('Region of everything. It is part of the names, so another region makes a new installation.')
@minLength(1)
param location string

@description('Where alerts are sent. Empty: alerts are seen in the portal only.')
param operatorEmail string = ''

@description('Closes storage and vault to all but private endpoints. Store PCs then need a way into the network.')
param privateNetwork bool = false

// ---- How much at once ----------------------------------------------------------------------------------

@description('Memory of an instance. A run needs about 160 MB whatever its size, so 2,048 MB hold all runs of an instance; 512 MB have a quarter of a core.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Instances for the blob trigger, and as many again for the retry queue. Digible gets at most this times blobConcurrency times digibleConcurrency POSTs at once from new catalogues: 5 x 8 x 1 = 40, typically 25. With 25, and half a second for a batch, a thousand stores that upload 5,000 products each in the same hour are through in ten minutes. Where a region refuses less than 40, take 40 and a blobConcurrency of 1.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 5

@description('Catalogues that one instance delivers at once (the host begins 5 of 8 and fills up from a queue). The same as in host.json, which holds elsewhere.')
@minValue(1)
@maxValue(32)
param blobConcurrency int = 8

@description('Batches of one run that are sent at once.')
@minValue(1)
@maxValue(16)
param digibleConcurrency int = 1

// ---- Digible -------------------------------------------------------------------------------------------

@description('Address of the API of Digible.')
param digibleApiUrl string = 'https://api.digible.one/v1'

@description('Empty: a batch is sent as a bare array. A name: as an object with the array under that name.')
param digibleBodyKey string = ''

@description('What happens to a refused batch: stop ends the run, isolate looks for the products at fault.')
@allowed([
  'isolate'
  'stop'
])
param digibleOnRefusal string = 'stop'

@description('Seconds for one POST.')
@minValue(1)
@maxValue(600)
param digibleTimeoutSeconds int = 30

@description('Seconds in which a POST without an answer may still be carried out.')
@minValue(0)
@maxValue(3600)
param digibleInDoubtSeconds int = 60

// ---- How long, how safe --------------------------------------------------------------------------------

@description('Copies of the storage account. A lost account costs one upload by each store; Standard_ZRS survives the loss of a data centre.')
@allowed([
  'Standard_GRS'
  'Standard_LRS'
  'Standard_ZRS'
])
param storageRedundancy string = 'Standard_LRS'

@description('Days until a catalogue is deleted. Its run can be resumed as long as it is there; its run record stays 60 days longer.')
@minValue(2)
@maxValue(1000)
param catalogRetentionDays int = 30

@description('Gigabytes that Log Analytics takes in a day; what comes beyond is dropped and the alerts are blind till the next day. 1 GB is more than fifty times what a hundred stores send.')
@minValue(1)
@maxValue(100)
param logDailyCapGb int = 1

@description('Takes the deleted vault of an earlier installation with the same name into use again. Needed within 7 days after azd down, since purge protection keeps the name.')
param recoverVault bool = false

// ---- Names: the abbreviations of the Cloud Adoption Framework -------------------------------------------

var token = uniqueString(subscription().id, environmentName, location)
var applicationInsightsName = 'appi-${token}'
var functionAppName = 'func-${token}'
var groupName = 'rg-${environmentName}'
var identityName = 'id-${token}'
var storageAccountName = 'st${token}'
var topicName = 'evgst-${token}'
var vaultName = 'kv-${token}'
var virtualNetworkName = 'vnet-${token}'
var functionSubnetId = resourceId(
  subscription().subscriptionId,
  groupName,
  'Microsoft.Network/virtualNetworks/subnets',
  virtualNetworkName,
  'snet-function'
)
var applicationInsightsId = resourceId(
  subscription().subscriptionId,
  groupName,
  'Microsoft.Insights/components',
  applicationInsightsName
)
var topicId = resourceId(subscription().subscriptionId, groupName, 'Microsoft.EventGrid/systemTopics', topicName)
var tags = {
  'azd-env-name': environmentName
  workload: 'shopmaster-upload'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: groupName
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: 'log-${token}'
    applicationInsightsName: applicationInsightsName
    dailyCapGb: logDailyCapGb
  }
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: identityName
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: storageAccountName
    redundancy: storageRedundancy
    catalogRetentionDays: catalogRetentionDays
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: vaultName
    workspaceId: monitoring.outputs.workspaceId
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    isRecovered: recoverVault
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  dependsOn: [
    storage
    vault
  ]
  params: {
    location: location
    tags: tags
    token: token
    virtualNetworkName: virtualNetworkName
    storageAccountName: storageAccountName
    vaultName: vaultName
  }
}

module access 'modules/access.bicep' = {
  scope: group
  dependsOn: [
    identity
    monitoring
    storage
    vault
  ]
  params: {
    identityName: identityName
    storageAccountName: storageAccountName
    vaultName: vaultName
    applicationInsightsName: applicationInsightsName
  }
}

module function 'modules/function.bicep' = {
  scope: group
  // Without its roles and its way to storage the app can't start.
  dependsOn: [
    access
    network
  ]
  params: {
    location: location
    tags: tags
    name: functionAppName
    planName: 'asp-${token}'
    identityName: identityName
    applicationInsightsName: applicationInsightsName
    storageAccountName: storageAccountName
    vaultName: vaultName
    subnetId: privateNetwork ? functionSubnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    blobConcurrency: blobConcurrency
    digibleApiUrl: digibleApiUrl
    digibleBodyKey: digibleBodyKey
    digibleOnRefusal: digibleOnRefusal
    digibleConcurrency: digibleConcurrency
    digibleTimeoutSeconds: digibleTimeoutSeconds
    digibleInDoubtSeconds: digibleInDoubtSeconds
  }
}

module topic 'modules/topic.bicep' = {
  scope: group
  dependsOn: [
    storage
  ]
  params: {
    location: location
    tags: tags
    name: topicName
    storageAccountName: storageAccountName
  }
}

module storeRoles 'modules/store_roles.bicep' = {
  params: {
    resourceGroupId: group.id
    token: token
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  dependsOn: [
    monitoring
    topic
  ]
  params: {
    location: location
    tags: tags
    applicationInsightsId: applicationInsightsId
    eventGridTopicId: topicId
    actionGroupName: 'ag-${token}'
    operatorEmail: operatorEmail
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  dependsOn: [
    monitoring
  ]
  params: {
    location: location
    tags: tags
    applicationInsightsId: applicationInsightsId
  }
}

// azd keeps these as values of the environment. None of them is a secret.
output AZURE_RESOURCE_GROUP string = groupName
output AZURE_LOCATION string = location
output AZURE_FUNCTION_APP_NAME string = functionAppName
output AZURE_STORAGE_ACCOUNT_NAME string = storageAccountName
output AZURE_STORAGE_BLOB_ENDPOINT string = storage.outputs.blobEndpoint
output AZURE_KEY_VAULT_NAME string = vaultName
output AZURE_KEY_VAULT_URL string = vault.outputs.url
output AZURE_EVENT_GRID_TOPIC_NAME string = topicName
output AZURE_APPLICATION_INSIGHTS_NAME string = applicationInsightsName
output AZURE_CATALOG_WRITER_ROLE_ID string = storeRoles.outputs.catalogWriterRoleId
output AZURE_RUN_READER_ROLE_ID string = storeRoles.outputs.runReaderRoleId
output AZURE_TOKEN_SETTER_ROLE_ID string = storeRoles.outputs.tokenSetterRoleId
