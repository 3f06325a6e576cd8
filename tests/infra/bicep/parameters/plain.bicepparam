using '../../../../infra/main.bicep'

// All defaults.
param environmentName = 'shops'
param location = 'westeurope'
