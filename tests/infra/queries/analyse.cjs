// Analyses Kusto queries with Microsoft's language service.
// Standard input: {"modules", "tables": {name: "(column: type, …)"}, "queries": {name: text}}.
// Standard output: {name: {"problems": [text], "columns": {name: type}}}.
'use strict';

const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');

const asked = JSON.parse(readFileSync(0, 'utf8'));
const load = createRequire(`${asked.modules}/`);
load('@kusto/language-service-next/bridge.min.js');
load('@kusto/language-service-next/Kusto.Language.Bridge.min.js');

const { Bridge, Kusto, System } = globalThis;
const { Symbols } = Kusto.Language;

const tables = Object.entries(asked.tables).map(
  ([name, columns]) => new Symbols.TableSymbol.$ctor7(name, columns, null),
);
const globals = Kusto.Language.GlobalState.Default.WithDatabase(
  new Symbols.DatabaseSymbol.ctor('telemetry', tables),
);

function analysed(text) {
  const code = Kusto.Language.KustoCode.ParseAndAnalyze(text, globals);
  const problems = [];
  const found = Bridge.getEnumerator(code.GetDiagnostics());
  while (found.moveNext()) {
    const { Start, Severity, Code, Message } = found.Current;
    const line = text.slice(0, Start).split('\n').length;
    problems.push(`line ${line}: ${Severity} ${Code}: ${Message}`);
  }
  const columns = {};
  if (code.ResultType && code.ResultType.Columns) {
    const all = System.Linq.Enumerable.from(code.ResultType.Columns, Symbols.ColumnSymbol);
    for (const column of all.ToArray(Symbols.ColumnSymbol)) {
      columns[column.Name] = column.Type.Name;
    }
  }
  return { problems, columns };
}

const results = Object.entries(asked.queries).map(([name, text]) => [name, analysed(text)]);
process.stdout.write(JSON.stringify(Object.fromEntries(results)));
