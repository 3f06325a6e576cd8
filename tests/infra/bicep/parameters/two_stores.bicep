// Two stores side by side, one whose name begins with the other's, and one that a person tests.

param storageAccountName string
param keyVaultName string
param catalogWriterRoleId string
param runReaderRoleId string
param tokenSetterRoleId string

module alpha '../../../../infra/store.bicep' = {
  params: {
    store: 'alpha'
    principalId: '00000000-0000-0000-0000-00000000a001'
    storageAccountName: storageAccountName
    keyVaultName: keyVaultName
    catalogWriterRoleId: catalogWriterRoleId
    runReaderRoleId: runReaderRoleId
    tokenSetterRoleId: tokenSetterRoleId
  }
}

module alphabet '../../../../infra/store.bicep' = {
  params: {
    store: 'alphabet'
    principalId: '00000000-0000-0000-0000-00000000a002'
    principalType: 'User'
    storageAccountName: storageAccountName
    keyVaultName: keyVaultName
    catalogWriterRoleId: catalogWriterRoleId
    runReaderRoleId: runReaderRoleId
    tokenSetterRoleId: tokenSetterRoleId
  }
}
