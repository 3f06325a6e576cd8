// Loaded into Azurite's process: it ends, with its data saved, when whoever started it is gone.
// A pipe says so on Linux and Windows alike, and however the parent died.
"use strict";

function stop() {
  setTimeout(() => process.exit(0), 15000).unref();
  process.emit("SIGTERM") || process.exit(0); // nobody listens yet: nothing to save either
}
process.stdin.once("end", stop);
process.stdin.once("error", stop);
process.stdin.resume();
// Its last words go nowhere then, and must not end it before it has saved.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

// Azurite saves every five seconds, each of its databases at its own: a SIGKILL then loses writes, or leaves
// a blob whose bytes nobody knows. Half a second is enough to lose, and one moment serves all of them.
const Loki = require(require.resolve("lokijs", { paths: [process.argv[1]] }));
const databases = [];
Loki.prototype.autosaveEnable = function () {
  this.autosave = true;
  databases.push(this);
};
const isDirty = (database) => database.autosave && database.autosaveDirty() && !database.ignoreAutosave;
setInterval(() => databases.filter(isDirty).forEach((database) => database.saveDatabase()), 500).unref();

// Held until the process is gone, data saved: the next one on the same data waits for it to come free.
const guard = Number(process.env.AZURITE_GUARD_PORT);
if (guard) {
  require("net")
    .createServer()
    .on("error", () => process.exit(3))
    .listen(guard, "127.0.0.1")
    .unref();
}

// Azurite's ETags are random; Azure's are the moment of the write in ticks of 100 ns since the year 1. The app
// tells by them which of two catalogues of one second came later, so the local stack needs them, too.
const path = require("path");
const utils = require(path.join(path.dirname(process.argv[1]), "common", "utils", "utils.js"));
const TICKS_TO_1970 = 621355968000000000n;
let last = 0n;
utils.newEtag = () => {
  const now = BigInt(Date.now()) * 10000n + TICKS_TO_1970;
  last = now > last ? now : last + 1n;
  return `"0x${last.toString(16).toUpperCase()}"`;
};
