#pragma once
#include <span>

#include "native/text/statistics.h"

namespace millrace::text {

// A rule compares one statistic with one threshold. What differs between published definitions is which rules run, in which order, with
// which thresholds: data that callers give.
enum class Drops { below, above };  // strictly

struct Rule {
  const char* name;    // unique: the key of a threshold in a config
  const char* reason;  // what a decision says; datatrove 0.10's string where datatrove has the rule
  Statistic statistic;
  Drops drops;
};

// All rules that compare. Numbers of rules are positions in this table, then kLoremIpsum … of native/text/c4.h.
std::span<const Rule> rules();

struct Verdict {
  int rule = -1;  // -1: keep
  double value = 0, threshold = 0;
};

struct Step {
  int rule;
  double threshold;
};

// The first step that fails decides. A step that is not in the list is off; NaN never fails. `value(rule, threshold)` gives a step's
// statistic, and is asked for no more than that.
template <class Value>
Verdict first_failure(std::span<const Step> steps, Value&& value) {
  for (const auto& [number, threshold] : steps) {
    const Rule& rule = rules()[number];
    const double found = value(rule, threshold);
    if (rule.drops == Drops::below ? found < threshold : found > threshold) return {number, found, threshold};
  }
  return {};
}

}  // namespace millrace::text
