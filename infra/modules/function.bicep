// The function app on Flex Consumption, and all its settings.

param location string
param tags object
param name string
param planName string
param identityName string
param applicationInsightsName string
param storageAccountName string
param vaultName string

@description('Through which it reaches storage and vault. Empty: over their public addresses.')
param subnetId string

param instanceMemoryMB int
param maximumInstanceCount int
param blobConcurrency int
param digibleApiUrl string
param digibleBodyKey string
param digibleOnRefusal string
param digibleConcurrency int
param digibleTimeoutSeconds int
param digibleInDoubtSeconds int

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  // checkov:skip=CKV_AZURE_225: a run goes on where its instance died, in whatever zone
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  // checkov:skip=CKV_AZURE_17: Event Grid has no client certificate; its webhook has a key of its own
  // checkov:skip=CKV_AZURE_212: it scales to nothing on purpose; a run goes on where its instance died
  // checkov:skip=CKV_AZURE_213: Flex Consumption has no health check
  // checkov:skip=CKV_AZURE_222: Event Grid comes from outside, and nobody else gets in
  name: name
  location: location
  // azd finds the app for its service by this tag.
  tags: union(tags, { 'azd-service-name': 'function' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    clientAffinityEnabled: false
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}deployment'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      remoteDebuggingEnabled: false
      scmMinTlsVersion: '1.2'
      // Nobody but Event Grid has anything to ask of the app: it has no HTTP function.
      ipSecurityRestrictionsDefaultAction: 'Deny'
      ipSecurityRestrictions: [
        {
          name: 'event-grid'
          description: 'The events of new blobs'
          action: 'Allow'
          priority: 100
          tag: 'ServiceTag'
          ipAddress: 'AzureEventGrid'
        }
      ]
      // Deployments come from an operator or a pipeline, signed in to Entra ID: see the policies below.
      scmIpSecurityRestrictionsDefaultAction: 'Allow'
      scmIpSecurityRestrictionsUseMain: false
      appSettings: [
        {
          name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
          value: 'ClientId=${identity.properties.clientId};Authorization=AAD'
        }
        {
          name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
          value: applicationInsights.properties.ConnectionString
        }
        {
          name: 'AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism'
          value: string(blobConcurrency)
        }
        {
          name: 'AzureWebJobsStorage__blobServiceUri'
          value: account.properties.primaryEndpoints.blob
        }
        {
          name: 'AzureWebJobsStorage__clientId'
          value: identity.properties.clientId
        }
        {
          name: 'AzureWebJobsStorage__credential'
          value: 'managedidentity'
        }
        {
          name: 'AzureWebJobsStorage__queueServiceUri'
          value: account.properties.primaryEndpoints.queue
        }
        {
          name: 'CATALOG_EVENTS'
          value: 'EventGrid'
        }
        {
          name: 'CatalogStorage__blobServiceUri'
          value: account.properties.primaryEndpoints.blob
        }
        {
          name: 'CatalogStorage__clientId'
          value: identity.properties.clientId
        }
        {
          name: 'CatalogStorage__credential'
          value: 'managedidentity'
        }
        {
          name: 'CatalogStorage__queueServiceUri'
          value: account.properties.primaryEndpoints.queue
        }
        {
          name: 'DIGIBLE_API_URL'
          value: digibleApiUrl
        }
        {
          name: 'DIGIBLE_BODY_KEY'
          value: digibleBodyKey
        }
        {
          name: 'DIGIBLE_CONCURRENCY'
          value: string(digibleConcurrency)
        }
        {
          name: 'DIGIBLE_IN_DOUBT_SECONDS'
          value: string(digibleInDoubtSeconds)
        }
        {
          name: 'DIGIBLE_ON_REFUSAL'
          value: digibleOnRefusal
        }
        {
          name: 'DIGIBLE_TIMEOUT_SECONDS'
          value: string(digibleTimeoutSeconds)
        }
        {
          name: 'KEY_VAULT_URL'
          value: vault.properties.vaultUri
        }
        {
          // Tells the host that the app sends its log itself. Otherwise every line would arrive twice.
          name: 'PYTHON_ENABLE_OPENTELEMETRY'
          value: 'true'
        }
        {
          // By default a thread for each core and four more: too few for all calls of an instance.
          name: 'PYTHON_THREADPOOL_THREAD_COUNT'
          value: '64'
        }
      ]
    }
  }

  // No user name and password for deployments: only Entra ID.
  resource scmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }

  resource ftpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }
}
