using 'two_stores.bicep'

param storageAccountName = 'stshops'
param keyVaultName = 'kv-shops'
param catalogWriterRoleId = '/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-00000000c001'
param runReaderRoleId = '/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-00000000c002'
param tokenSetterRoleId = '/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-00000000c003'
