/** The words of docs/benchmark.md, shortened. */
export const WORDS: readonly (readonly [string, string])[] = [
  ["Score", "100 × gain × care, halved when the objectives do not hold in the end, and up to a tenth less when the cause was not named. Where nothing could be earned there is none."],
  ["Gain", "What was spared users, of what could have been: (loss if nobody acts − loss − harm) / (loss if nobody acts − loss at best), from 0 to 1."],
  ["Loss", "Half the SLO minutes, and half the bad requests as minutes of traffic. Bad are requests of users that fail or are slow."],
  ["SLO minutes, objective broken", "Minutes in which at some door, over 30 s, more than 1.44 % of requests fail or the p99 of latency is above 500 ms."],
  ["Harm", "Bad requests, as a share of all, in stretches of 10 s that are worse than with nobody acting. What was done harmfully counts twice."],
  ["Care", "1 − share of the replicas that were stopped, moved, added or removed needlessly − share of the cores that were paid for beyond the best."],
  ["Held, under the burst", "After the ten minutes 20 % more traffic comes for a minute, and in the last minute every objective holds. What only looks mitigated breaks down."],
  ["Mitigated", "The objectives are held for good within the ten minutes, and after the burst. After: from the onset until then."],
  ["Regret", "Loss beyond the loss of the best, minutes; below 0 when somebody was quicker than hindsight."],
  ["Restraint", "Where there is nothing to earn, only to lose: care × (1 − what was lost on top, in minutes). The score of an agent is its mean, times its mean restraint."],
  ["Cost", "Cores that were paid for beyond those when nobody acts; of a game, core hours in all."],
  ["95 % interval", "The seeds of every scenario are drawn again 2,000 times (bootstrap). One seed has no spread."],
  ["Nobody", "The same scenario and seed, and nobody acts."],
  ["The best in hindsight", "The plans that heal, carried out 15 s after the onset, under the future that came; the one that loses least."],
];
