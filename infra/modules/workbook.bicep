// The fleet at a glance, and one store on click: ../workbook.json, with the queries that it names.

param location string
param tags object
param applicationInsightsId string

var title = 'shopMaster Upload'
var workbook = loadJsonContent('../workbook.json')

// In the file each item names its query, which stands once, in ../queries, where the tests run it. A workbook
// that was edited in the portal goes back into the file with the names in place of the queries.
var queries = {
  'export-to-accepted.kql': loadTextContent('../queries/export-to-accepted.kql')
  'rejections-by-reason.kql': loadTextContent('../queries/rejections-by-reason.kql')
  'run-events.kql': loadTextContent('../queries/run-events.kql')
  'runs-by-day.kql': loadTextContent('../queries/runs-by-day.kql')
  'runs-by-state.kql': loadTextContent('../queries/runs-by-state.kql')
  'runs-by-store.kql': loadTextContent('../queries/runs-by-store.kql')
  'slowest-stores.kql': loadTextContent('../queries/slowest-stores.kql')
  'store-runs.kql': loadTextContent('../queries/store-runs.kql')
  'stores.kql': loadTextContent('../queries/stores.kql')
  'throughput.kql': loadTextContent('../queries/throughput.kql')
  'token-expiry.kql': loadTextContent('../queries/token-expiry.kql')
}
// Items of type 3 are queries.
var items = [
  for item in workbook.items: item.type == 3 ? union(item, { content: { query: queries[item.content.query] } }) : item
]

resource sharedWorkbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(applicationInsightsId, title)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    category: 'workbook'
    displayName: title
    sourceId: applicationInsightsId
    version: workbook.version
    serializedData: string(union(workbook, { items: items, fallbackResourceIds: [applicationInsightsId] }))
  }
}
