#pragma once
#include "native/extract/features.h"

namespace millrace::extract {

// The trained part: which blocks are content, what kind of page it is, how far the result can be trusted. Weights are compiled in
// (weights.inc, written by bench/extraction/train.py with its command, the digest of its data and the cross-validated score in its head).

// For every block the probability that a reader would keep it. Three steps: a linear model over words (prior.h), a forest over the features,
// and a second forest that also sees what the first says of the blocks around. Fills the last columns of `features`.
void label(Features& features, std::vector<float>& scores);

// What the first forest says around each block, as features q … q_longest of the rows. `scores` has one entry a block.
void add_context(Features& features, const float* scores);

enum class PageType : uint8_t { article, collection, documentation, forum, listing, product, service };
const char* name(PageType type);

// From the first row's columns of the page as a whole.
PageType page_type(const Features& features);

// What confidence is read from: expected F1, precision and recall under the scores, size, share, doubt, blocks; then the page's own columns.
inline constexpr size_t kConfidenceColumns = 7 + (feature::prior - feature::page_mass);
void confidence_row(const Features& features, const std::vector<float>& scores, const std::vector<uint8_t>& kept, float* row);

// Probability that the word F1 of the chosen text against a reader's is at least 0.8.
float confidence(const Features& features, const std::vector<float>& scores, const std::vector<uint8_t>& kept);

}  // namespace millrace::extract
