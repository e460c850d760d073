#include "native/trainer/parameters/parameters.h"

namespace millrace::trainer {
namespace {

class Builder {
 public:
  explicit Builder(Layout& layout) : layout_(layout) {}

  size_t add(std::string name, Class kind, size_t rows, size_t columns = 0) {
    const size_t offset = layout_.size;
    layout_.parameters.push_back({std::move(name) + ".weight", kind, rows, columns, offset});
    layout_.size += layout_.parameters.back().size();
    return offset;
  }

  FfnOffsets ffn(const std::string& prefix, size_t width, size_t hidden) {
    FfnOffsets at;
    at.gate_up = add(prefix + "gate_proj", Class::hidden, width, hidden);
    add(prefix + "up_proj", Class::hidden, width, hidden);
    at.down = add(prefix + "down_proj", Class::residual, hidden, width);
    return at;
  }

  AttentionOffsets attention(const std::string& prefix, const ModelConfig& m) {
    AttentionOffsets at;
    at.latent = add(prefix + "q_a_proj", Class::hidden, m.query_rank, m.hidden);
    add(prefix + "kv_a_proj_with_mqa", Class::hidden, m.kv_rank + m.rope, m.hidden);
    at.query_norm = add(prefix + "q_a_layernorm", Class::norm, m.query_rank);
    at.query = add(prefix + "q_b_proj", Class::hidden, m.heads * m.score(), m.query_rank);
    at.kv_norm = add(prefix + "kv_a_layernorm", Class::norm, m.kv_rank);
    at.kv = add(prefix + "kv_b_proj", Class::hidden, m.heads * (m.nope + m.value), m.kv_rank);
    at.out = add(prefix + "o_proj", Class::residual, m.hidden, m.heads * m.value);
    return at;
  }

  LayerOffsets layer(size_t l, const ModelConfig& m) {
    const std::string prefix = "model.layers." + std::to_string(l) + ".";
    LayerOffsets at;
    for (size_t i = 0; i < 2; ++i) {
      const std::string n = std::to_string(i);
      at.input_norm[i] = add(prefix + "input_layernorm." + n, Class::norm, m.hidden);
      at.post_norm[i] = add(prefix + "post_attention_layernorm." + n, Class::norm, m.hidden);
      at.attention[i] = attention(prefix + "self_attn." + n + ".", m);
      at.dense[i] = ffn(prefix + "mlps." + n + ".", m.dense_width, m.hidden);
    }
    at.router = add(prefix + "mlp.router.classifier", Class::router, m.routes(), m.hidden);
    at.experts = layout_.size;
    for (size_t e = 0; e < m.experts; ++e) ffn(prefix + "mlp.experts." + std::to_string(e) + ".", m.expert_width, m.hidden);
    return at;
  }

  MtpOffsets mtp(const ModelConfig& m) {
    const std::string prefix = "model.mtp.layers.0.";
    MtpOffsets at;
    at.embedding_norm = add(prefix + "enorm.m", Class::norm, m.hidden);
    at.hidden_norm = add(prefix + "hnorm.m", Class::norm, m.hidden);
    at.join = add(prefix + "eh_proj", Class::hidden, m.hidden, 2 * m.hidden);
    at.input_norm = add(prefix + "input_layernorm", Class::norm, m.hidden);
    at.attention = attention(prefix + "self_attn.", m);
    at.post_norm = add(prefix + "post_attention_layernorm", Class::norm, m.hidden);
    at.dense = ffn(prefix + "transformer_layer.mlp.", m.dense_width, m.hidden);
    at.norm = add("model.mtp.norm", Class::norm, m.hidden);
    return at;
  }

 private:
  Layout& layout_;
};

}  // namespace

Layout layout_of(const ModelConfig& m) {
  Layout layout;
  Builder builder(layout);
  layout.embedding = builder.add("model.embed_tokens", Class::embedding, m.vocabulary, m.hidden);
  layout.layer_begin = layout.size;
  layout.expert_stride = 3 * m.expert_width * m.hidden;
  for (size_t l = 0; l < m.layers; ++l) layout.layers.push_back(builder.layer(l, m));
  layout.layer_size = (layout.size - layout.layer_begin) / m.layers;
  layout.final_norm = builder.add("model.norm", Class::norm, m.hidden);
  layout.output = builder.add("lm_head", Class::output, m.vocabulary, m.hidden);
  layout.mtp_begin = layout.size;
  if (m.mtp) layout.mtp = builder.mtp(m);
  return layout;
}

std::string bias_name(size_t l) { return "model.layers." + std::to_string(l) + ".mlp.router.e_score_correction_bias"; }

}  // namespace millrace::trainer
