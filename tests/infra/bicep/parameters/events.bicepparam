using '../../../../infra/events.bicep'

param functionAppName = 'func-shops'
param systemTopicName = 'evgst-shops'
param storageAccountName = 'stshops'
