// Loaded into Azurite's process, which saves its data and ends when its parent process is gone.
// Its standard input closes then, on Linux and Windows alike, however the parent died.
"use strict";

function stop() {
  setTimeout(() => process.exit(0), 15000).unref();
  process.emit("SIGTERM") || process.exit(0); // no listener yet, so nothing to save
}
process.stdin.once("end", stop);
process.stdin.once("error", stop);
process.stdin.resume();
// Its output can no longer be written then. That must not end it before it has saved its data.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

// Azurite saves every five seconds, each of its databases at a different time. A SIGKILL then loses
// writes, or leaves a blob whose content can't be found. So save all databases together, every half
// second.
const Loki = require(require.resolve("lokijs", { paths: [process.argv[1]] }));
const databases = [];
Loki.prototype.autosaveEnable = function () {
  this.autosave = true;
  databases.push(this);
};
const isDirty = (database) => database.autosave && database.autosaveDirty() && !database.ignoreAutosave;
setInterval(() => databases.filter(isDirty).forEach((database) => database.saveDatabase()), 500).unref();

// The port is in use until the process has saved its data and ended. The next Azurite with the same
// data waits until it is free.
const guard = Number(process.env.AZURITE_GUARD_PORT);
if (guard) {
  require("net")
    .createServer()
    .on("error", () => process.exit(3))
    .listen(guard, "127.0.0.1")
    .unref();
}

// Azurite's ETags are random. Azure's are the time of the write, in ticks of 100 ns since year 1.
// The app uses them to tell which of two catalogues from the same second is newer, so the local
// stack needs them too.
const path = require("path");
const utils = require(path.join(path.dirname(process.argv[1]), "common", "utils", "utils.js"));
const TICKS_TO_1970 = 621355968000000000n;
let last = 0n;
utils.newEtag = () => {
  const now = BigInt(Date.now()) * 10000n + TICKS_TO_1970;
  last = now > last ? now : last + 1n;
  return `"0x${last.toString(16).toUpperCase()}"`;
};
