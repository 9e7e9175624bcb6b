package deployfile

// TestKinds are the kinds that tests parse with: all that there are. Their
// packages import this one, so its internal tests cannot name them.
var TestKinds []Kind

// EveryTarget is a text with all keys of all kinds.
const EveryTarget = everyTarget
