/** The words of docs/grades.md, shortened. */
export const WORDS: readonly (readonly [string, string])[] = [
  ["Objective", "Over 30 s at most 1.44 % of requests fail, and the p99 of latency is at most 500 ms. A fault counts when it breaks one."],
  ["Onset", "When the fault begins, or traffic begins to rise."],
  ["Recall", "Faults found, of those that count. A fault is found when an incident opens after its onset about something within its reach."],
  ["Precision", "True incidents, of all incidents. False is any that opens before the onset, after the end, about something that is well and out of reach, or while nothing is wrong."],
  ["F1", "Harmonic mean of precision and recall; 0 when nothing was found."],
  ["Detected after", "From the onset to the first true incident, simulated seconds, over what was found."],
  ["False alarms a day", "Incidents in runs in which nothing is wrong, a simulated day. At most: the upper bound with 95 % confidence; what was not seen in three days may still happen once a day."],
  ["Incidents a fault", "Incidents in a run in which something is wrong, on average: what somebody has to read."],
  ["Root cause first, among three", "Share of faults whose root cause is the first suspect, or one of the first three, a minute after the incident opened."],
  ["Rule, detector", "A rule as if it were the only one; a detector is a family of rules. A single one is not meant to find everything."],
  ["In the 80 % band", "Share of values that came within the forecast's band: 80 % when the band is right."],
  ["Error", "Mean absolute error in units of the mean step of the series (MASE). Beside it that of a forecast that nothing changes."],
];
