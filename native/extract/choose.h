#pragma once
#include "native/extract/extract.h"
#include "native/extract/model.h"

namespace millrace::extract {

// Which blocks are kept, from their scores. `balanced` takes the set with the highest expected F1 = 2 TP / (chosen + content), both sums of
// masses under the scores: every block above half of that F1 (a known result for F-measures), so an unsure page keeps more. The other modes
// take the set with the highest expected F at another weight of recall; `union` adds the blocks of the best-scoring root (Readability's rule)
// that the models are not sure to be furniture. Later copies of a kept block of prose are dropped. `expected` becomes the expected F1.
void choose(const Features& features, const std::vector<float>& scores, Mode mode, std::vector<uint8_t>& kept, float& expected);

}  // namespace millrace::extract
