// Chrome is looked for (and if need be installed) by scripts/chrome.ts, never by `npm install`.
module.exports = { skipDownload: true }
