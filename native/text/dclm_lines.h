#pragma once
#include <string>
#include <string_view>

namespace millrace::text {

// The line modifiers of DCLM-baseline, in its order (baselines/mappers/modifiers.py, baselines_configs/dclm_baseline_refinedweb.yaml): lines go
// whose capitals are more than half of them, that are digits alone, that count ("3 likes"), or have one word; in lines of at most ten words
// the phrases "items in cart", "read more" with three characters behind it at the end, and "sign-in" at the front are cut out. The phrases
// ignore case as the module re does, whose i is also ı and İ and whose s is also ſ. `edited` is empty where nothing is left.
void dclm_lines(std::string_view text, std::string& edited);

}  // namespace millrace::text
