// What the operator is told without asking; docs/runbook.md has a chapter on each alert.

param location string
param tags object
param applicationInsightsId string
param eventGridTopicId string
param actionGroupName string

@description('Empty: alerts are seen in the portal only.')
param operatorEmail string

var everyFiveMinutes = 'PT5M'
// A run comes once a day: a quarter of an hour more or less is nothing, and costs a third of five minutes.
var everyQuarterHour = 'PT15M'
var everyHour = 'PT1H'
var oneHour = 'PT1H'
var threeHours = 'PT3H'
var quarterHour = 'PT15M'
// As far back as a log alert can look. These queries ask how each store stands now, so they need its latest
// run, which is a day old when the next one is due. The alert resolves when a later run puts things right.
var twoDays = 'P2D'
var forEachStore = [
  {
    name: 'store'
    operator: 'Include'
    values: [
      '*'
    ]
  }
]

// Severities: 0 nothing works, 1 a store is not up to date, 2 it soon won't be, or parts of it, 3 mended by itself.
var rules = [
  {
    name: 'run-failed'
    title: 'A run failed or was abandoned'
    description: 'The latest catalogue of a store did not get through: refused, given up, abandoned, or not usable.'
    query: loadTextContent('../queries/alerts/run-failed.kql')
    severity: 1
    frequency: everyQuarterHour
    window: twoDays
    dimensions: forEachStore
  }
  {
    name: 'session-expired'
    title: 'Session expired'
    description: 'Digible no longer accepts the token of a store. Nothing of the store gets through until somebody logs in.'
    query: loadTextContent('../queries/alerts/session-expired.kql')
    severity: 1
    frequency: everyQuarterHour
    window: twoDays
    dimensions: forEachStore
  }
  {
    name: 'store-silent'
    title: 'No successful run for 26 hours'
    description: 'A store has had no successful run for 26 hours. After two weeks without any run it counts as closed.'
    query: loadTextContent('../queries/alerts/store-silent.kql')
    severity: 1
    frequency: everyHour
    // The sweep tells every hour for as long as it lasts, so one of its words may be lost.
    window: threeHours
    dimensions: forEachStore
  }
  {
    name: 'token-expiring'
    title: 'Token expires within 7 days'
    description: 'The token of a store expires within 7 days, or has expired.'
    query: loadTextContent('../queries/alerts/token-expiring.kql')
    severity: 2
    frequency: everyHour
    window: twoDays
    dimensions: forEachStore
  }
  {
    name: 'rejections-high'
    title: 'More than a tenth of the products rejected'
    description: 'The latest successful run of a store left out more than a tenth of its products.'
    query: loadTextContent('../queries/alerts/rejections-high.kql')
    severity: 2
    frequency: everyQuarterHour
    window: twoDays
    dimensions: forEachStore
  }
  {
    name: 'settings-wrong'
    title: 'App settings are wrong'
    description: 'The function says that its app settings are wrong. No store gets anything delivered.'
    query: loadTextContent('../queries/alerts/settings-wrong.kql')
    severity: 0
    frequency: everyFiveMinutes
    // The timer alone reports every five minutes, so three reports in a row would have to be lost.
    window: quarterHour
    dimensions: []
  }
  {
    name: 'sweep-found'
    title: 'The sweep found what no event announced'
    description: 'Catalogues lay without an event, or runs without a worker. The sweep has queued them.'
    query: loadTextContent('../queries/alerts/sweep-found.kql')
    severity: 3
    frequency: everyQuarterHour
    window: oneHour
    dimensions: []
  }
]

var lostEvents = [
  {
    name: 'dead-letters'
    metric: 'DeadLetteredCount'
    description: 'Event Grid could not deliver an event to the function and has left it in the container dead-letters.'
  }
  {
    name: 'events-dropped'
    metric: 'DroppedEventCount'
    description: 'Event Grid could neither deliver an event to the function nor leave it in the container dead-letters.'
  }
]

var operator = {
  name: 'operator'
  emailAddress: operatorEmail
  useCommonAlertSchema: true
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'shopmaster'
    enabled: true
    emailReceivers: empty(operatorEmail) ? [] : [operator]
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: '${rule.description} See docs/runbook.md, ${rule.name}.'
      severity: rule.severity
      enabled: true
      scopes: [
        applicationInsightsId
      ]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: rule.dimensions
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      // One message when it begins and one when it is over, however often the query is asked meanwhile.
      autoMitigate: true
      // A new Application Insights resource may not know its tables before the first event has come. The tests
      // analyse every query.
      skipQueryValidation: true
      actions: {
        actionGroups: [
          actionGroup.id
        ]
      }
    }
  }
]

// The sweep finds the catalogues of these events, some minutes later; but why they were not delivered is still there.
resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for lost in lostEvents: {
    name: 'alert-${lost.name}'
    location: 'global'
    tags: tags
    properties: {
      description: '${lost.description} See docs/runbook.md, ${lost.name}.'
      severity: 2
      enabled: true
      scopes: [
        eventGridTopicId
      ]
      evaluationFrequency: everyQuarterHour
      windowSize: oneHour
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: lost.name
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.EventGrid/systemTopics'
            metricName: lost.metric
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      autoMitigate: true
      actions: [
        {
          actionGroupId: actionGroup.id
        }
      ]
    }
  }
]
