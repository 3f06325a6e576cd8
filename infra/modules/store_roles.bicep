// What a store's PC needs, and no more than one call each. The built-in roles also read, list or delete.
targetScope = 'subscription'

@description('Where the roles can be assigned.')
param resourceGroupId string

@description('Sets the names apart from those of other installations in the tenant.')
param token string

resource catalogWriter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroupId, 'catalogue writer')
  properties: {
    roleName: 'shopMaster catalogue writer (${token})'
    description: 'Writes catalogues and resume requests, without reading or deleting any.'
    type: 'CustomRole'
    assignableScopes: [
      resourceGroupId
    ]
    permissions: [
      {
        actions: []
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'
        ]
      }
    ]
  }
}

resource runReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroupId, 'run reader')
  properties: {
    roleName: 'shopMaster run reader (${token})'
    description: 'Reads and lists run records.'
    type: 'CustomRole'
    assignableScopes: [
      resourceGroupId
    ]
    permissions: [
      {
        actions: []
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
        ]
      }
    ]
  }
}

resource tokenSetter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroupId, 'token setter')
  properties: {
    roleName: 'shopMaster token setter (${token})'
    description: 'Sets a token and sees when it expires, without reading it.'
    type: 'CustomRole'
    assignableScopes: [
      resourceGroupId
    ]
    permissions: [
      {
        actions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/readMetadata/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
        ]
      }
    ]
  }
}

output catalogWriterRoleId string = catalogWriter.id
output runReaderRoleId string = runReader.id
output tokenSetterRoleId string = tokenSetter.id
