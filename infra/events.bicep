// Sends the events of new catalogues to the function. Deployed after the code, because the key of the
// function's webhook exists only then.

@description('Output AZURE_FUNCTION_APP_NAME of main.bicep.')
param functionAppName string

@description('Output AZURE_EVENT_GRID_TOPIC_NAME.')
param systemTopicName string

@description('Output AZURE_STORAGE_ACCOUNT_NAME.')
param storageAccountName string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

resource catalogEvents 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'evgs-catalogs'
  properties: {
    destination: {
      endpointType: 'WebHook'
      properties: {
        // A wrong name is answered 202 and its events are lost: the deployment checks it afterwards.
        endpointUrl: 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=Host.Functions.upload_catalog&code=${listKeys('${app.id}/host/default', '2025-03-01').systemKeys.blobs_extension}'
        // One at a time: of several, the host queues the good ones again when one is broken.
        maxEventsPerBatch: 1
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: [
        'Microsoft.Storage.BlobCreated'
      ]
      // The last slash matters: without it, a container `catalogs-old` would count too.
      subjectBeginsWith: '/blobServices/default/containers/catalogs/'
      isSubjectCaseSensitive: true
      advancedFilters: [
        {
          // Those with which a blob is complete. The agent commits blocks; other tools put or copy.
          key: 'data.api'
          operatorType: 'StringIn'
          values: [
            'CopyBlob'
            'FlushWithClose'
            'PutBlob'
            'PutBlockList'
          ]
        }
      ]
    }
    // After that the sweep has long queued the catalogue; the dead letter says that something is wrong.
    retryPolicy: {
      eventTimeToLiveInMinutes: 1440
      maxDeliveryAttempts: 30
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          blobContainerName: 'dead-letters'
          resourceId: account.id
        }
      }
    }
  }
}
