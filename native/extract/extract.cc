#include "native/extract/extract.h"

#include <algorithm>

#include "native/extract/choose.h"
#include "native/extract/code.h"
#include "native/extract/math.h"
#include "native/extract/table.h"

namespace millrace::extract {

struct Extractor::State {
  html::Parser parser;
  Page page;
  std::string decoded;
  std::vector<Block> blocks, chosen;
  Features features;
  std::vector<float> scores;
  std::vector<uint8_t> kept;
  std::vector<Embedded> embedded;
};

Extractor::Extractor() : state_(new State) {}
Extractor::~Extractor() { delete state_; }

namespace {

// Bytes of a page whose storage is kept for the next one; a page's tree and rows are some times its bytes.
constexpr size_t kHeldBytes = 2u << 20;

// Below this mass a body is looked at beside what scripts carry.
constexpr float kLittle = 300;

const char* reason_of(const Features& f, size_t b, float score) {
  const float* r = f.row(b);
  if (score >= 0.5f && r[feature::copy_index] > 0) return "copy";
  if (r[feature::hidden] > 0) return "hidden";
  if (r[feature::t_nav] < 30 || r[feature::g_navigation] < 3) return "navigation";
  if (r[feature::t_footer] < 30 || r[feature::g_foot] < 3) return "footer";
  if (r[feature::t_aside] < 30 || r[feature::g_side] < 3) return "sidebar";
  if (r[feature::link_density] > 0.8f) return "links";
  return score < 0.1f ? "furniture" : "unsure";
}

uint32_t offset_of(const Page& page, const Block& block) {
  const auto& tree = page.tree;
  for (NodeId id = block.first; id != block.end && id != kNoNode; id = tree.following(id))
    if (tree[id].kind == html::Kind::text) return std::min<uint32_t>(tree[id].range.offset, static_cast<uint32_t>(tree.input_size));
  return 0;
}

}  // namespace

void Extractor::extract(std::string_view bytes, std::string_view url, std::string_view transfer_label, const Options& options, Document& out) {
  // What a huge page needed is not held for the small ones behind it.
  if (state_->decoded.capacity() > kHeldBytes) {
    delete state_;
    state_ = new State;
  }
  auto& s = *state_;
  out.text.clear();
  out.blocks.clear();
  out.origin = "body";
  s.decoded.clear();
  out.charset = html::decode_page(bytes.substr(0, options.limits.max_bytes), transfer_label, s.decoded);
  s.parser.parse(s.decoded, s.page.tree, options.limits);
  out.cuts = s.page.tree.cuts | (bytes.size() > options.limits.max_bytes ? uint32_t(html::kCutBytes) : 0u);
  s.page.reset();
  read_metadata(s.page, out.metadata, url);
  rescue_math(s.page);
  rescue_code(s.page);
  rescue_tables(s.page);
  find_blocks(s.page, s.blocks);
  s.features.read(s.page, s.blocks, url.empty() ? std::string_view(out.metadata.url) : url);
  label(s.features, s.scores);
  float expected = 0;
  choose(s.features, s.scores, options.mode, s.kept, expected);
  out.type = name(page_type(s.features));
  out.confidence = confidence(s.features, s.scores, s.kept);

  s.chosen.clear();
  float mass = 0;
  for (size_t b = 0; b < s.blocks.size(); ++b) {
    if (!s.kept[b]) continue;
    s.chosen.push_back(s.blocks[b]);
    mass += s.features.stats[b].mass;
  }
  write_blocks(s.page, s.chosen, options.write, out.text);

  if (mass < kLittle) {
    s.embedded.clear();
    read_embedded(s.page, options.max_embedded_bytes, s.embedded);
    for (auto& candidate : s.embedded) {
      Stats stats;
      Words words;
      read_stats(candidate.text, stats, words);
      if (stats.mass < kLittle || stats.mass < 2 * mass) continue;
      out.text = std::move(candidate.text);
      out.origin = candidate.origin;
      break;
    }
  }

  if (!options.blocks) return;
  for (size_t b = 0; b < s.blocks.size(); ++b) {
    const bool kept = s.kept[b] && out.origin[0] == 'b';
    out.blocks.push_back({s.features.stats[b].hash, s.features.stats[b].words, s.scores[b], kept,
                          kept ? "" : s.kept[b] ? "embedded" : reason_of(s.features, b, s.scores[b]), offset_of(s.page, s.blocks[b])});
  }
}

}  // namespace millrace::extract
