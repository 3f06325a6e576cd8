// The rights of one store: it writes its own catalogues, reads its own run records and sets its own token.

@description('Name of the store.')
@minLength(1)
@maxLength(63)
param store string

@description('Object id of the principal with which the PC of the store signs in.')
@minLength(36)
@maxLength(36)
param principalId string

@description('ServicePrincipal for a certificate and for the identity of an Arc machine; User for a person who tests.')
@allowed([
  'ServicePrincipal'
  'User'
])
param principalType string = 'ServicePrincipal'

@description('Output AZURE_STORAGE_ACCOUNT_NAME of main.bicep.')
param storageAccountName string

@description('Output AZURE_KEY_VAULT_NAME.')
param keyVaultName string

@description('Output AZURE_CATALOG_WRITER_ROLE_ID.')
param catalogWriterRoleId string

@description('Output AZURE_RUN_READER_ROLE_ID.')
param runReaderRoleId string

@description('Output AZURE_TOKEN_SETTER_ROLE_ID.')
param tokenSetterRoleId string

// `alpha/` is not how the folder of `alphabet` begins: the slash keeps them apart. A request that has no path
// or no prefix satisfies no condition.
var actions = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs'
var ownPath = '@Resource[${actions}:path] StringStartsWith \'${store}/\''
var ownPrefix = '@Request[${actions}:prefix] StringStartsWith \'${store}/\''
var isAdd = 'ActionMatches{\'${actions}/add/action\'}'
var isRead = 'ActionMatches{\'${actions}/read\'}'
var isWrite = 'ActionMatches{\'${actions}/write\'}'
var isListing = 'SubOperationMatches{\'Blob.List\'}'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource catalogs 'containers' existing = {
      name: 'catalogs'
    }

    resource runs 'containers' existing = {
      name: 'runs'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: keyVaultName

  resource token 'secrets' existing = {
    name: 'digible-token-${store}'
  }
}

// The name holds the store too. So the principal of one store, given to a second one, is refused by Azure
// (one assignment for each principal, role and scope) and doesn't quietly lose the first.
resource writesCatalogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::catalogs
  name: guid(account::blobs::catalogs.id, principalId, catalogWriterRoleId, store)
  properties: {
    description: 'shopMaster store ${store}: writes its catalogues'
    principalId: principalId
    principalType: principalType
    roleDefinitionId: catalogWriterRoleId
    condition: '((!(${isWrite}) AND !(${isAdd})) OR (${ownPath}))'
    conditionVersion: '2.0'
  }
}

resource readsRuns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::runs
  name: guid(account::blobs::runs.id, principalId, runReaderRoleId, store)
  properties: {
    description: 'shopMaster store ${store}: reads its run records'
    principalId: principalId
    principalType: principalType
    roleDefinitionId: runReaderRoleId
    condition: '((!(${isRead} AND NOT ${isListing})) OR (${ownPath})) AND ((!(${isRead} AND ${isListing})) OR (${ownPrefix}))'
    conditionVersion: '2.0'
  }
}

resource setsToken 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault::token
  name: guid(vault::token.id, principalId, tokenSetterRoleId, store)
  properties: {
    description: 'shopMaster store ${store}: sets its Digible token'
    principalId: principalId
    principalType: principalType
    roleDefinitionId: tokenSetterRoleId
  }
}
