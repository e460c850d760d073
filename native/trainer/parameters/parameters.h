#pragma once
#include <string>
#include <vector>

#include "native/trainer/config/config.h"

namespace millrace::trainer {

struct Parameter {
  std::string name;  // as in a Transformers checkpoint (longcat-flash.md 1.5)
  Class kind;
  size_t rows, columns;  // columns = 0: a vector of `rows`
  size_t offset;         // elements from the start of the model's arena

  size_t size() const { return columns ? rows * columns : rows; }
};

// Offsets of one MLA block's tensors. `latent` is [q_a_proj; kv_a_proj_with_mqa], adjacent so that one GEMM gives both.
struct AttentionOffsets {
  size_t latent, query_norm, query, kv_norm, kv, out;
};

// Offsets of an FFN's tensors. `gate_up` is [gate_proj; up_proj], adjacent for the same reason.
struct FfnOffsets {
  size_t gate_up, down;
};

struct LayerOffsets {
  size_t input_norm[2], post_norm[2];
  AttentionOffsets attention[2];
  FfnOffsets dense[2];
  size_t router;
  size_t experts;        // of expert 0; expert e is at experts + e * expert_stride
};

// Of the MTP head (longcat-flash.md 1.6). `join` is eh_proj, [hidden, 2 · hidden]: embedding half first.
struct MtpOffsets {
  size_t embedding_norm, hidden_norm, join, input_norm, post_norm, norm;
  AttentionOffsets attention;
  FfnOffsets dense;
};

// Every tensor of a model in one arena: weights, gradients and moments share the layout, so that an optimizer step is one pass and
// growing a model is copying whole layers. Norm weights come first within a layer; nothing depends on alignment.
struct Layout {
  std::vector<Parameter> parameters;  // ascending offsets, no gaps
  std::vector<LayerOffsets> layers;
  size_t embedding = 0, final_norm = 0, output = 0;
  MtpOffsets mtp{};
  size_t mtp_begin = 0;      // behind everything else, so that a model with the head begins like one without; = size without
  size_t expert_stride = 0;  // elements of one expert: 3 * expert_width * hidden
  size_t layer_begin = 0, layer_size = 0;  // layers lie behind each other
  size_t size = 0;           // elements of the arena
};

Layout layout_of(const ModelConfig& model);

// The name of layer `l`'s selection bias, float32 [experts + zero_experts], which no gradient touches.
std::string bias_name(size_t l);

}  // namespace millrace::trainer
