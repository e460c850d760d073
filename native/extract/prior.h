#pragma once
#include "native/extract/features.h"

namespace millrace::extract {

// A linear model over hashed words: those of class, id, role and itemprop around a block by how far out they stand, those of the block itself
// where it is short, and those of the heading above. It reads what designers and editors call things, which no fixed list can hold; its
// result is one of the features of the tree models.

inline constexpr uint32_t kPriorSize = 1 << 14;

// Indexes below kPriorSize that block `block` adds up; an index may occur again.
void prior_tokens(const Features& features, size_t block, std::vector<uint16_t>& tokens);

// For every block the bias and the sum of its tokens' `weights` (kPriorSize of them) times `scale`; each ancestor is summed once.
void add_priors(const Features& features, const int8_t* weights, float scale, float bias, std::vector<float>& out);

}  // namespace millrace::extract
