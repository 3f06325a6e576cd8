using '../../../../infra/main.bicep'

// Closed to all but private endpoints, and each other parameter away from its default.
param environmentName = 'shops'
param location = 'westeurope'
param operatorEmail = 'operator@shops.invalid'
param privateNetwork = true
param instanceMemoryMB = 4096
param maximumInstanceCount = 40
param blobConcurrency = 1
param digibleConcurrency = 4
param digibleApiUrl = 'https://digible.invalid/v1'
param digibleBodyKey = 'products'
param digibleOnRefusal = 'isolate'
param digibleTimeoutSeconds = 45
param digibleInDoubtSeconds = 90
param storageRedundancy = 'Standard_ZRS'
param catalogRetentionDays = 14
param logDailyCapGb = 2
param recoverVault = true
