#include "native/extract/embedded_text.h"

#include <unordered_set>

#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;

// FNV-1a over the folded text: only tells whether a text was there before.
uint64_t digest(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ull;
  return hash;
}

bool has_tags(std::string_view text) {
  const size_t last = text.rfind('>');
  if (last == std::string_view::npos) return false;
  for (size_t at = text.find('<'); at != std::string_view::npos && at + 1 < last; at = text.find('<', at + 1)) {
    const char c = text[at + 1];
    if (((c | 32) >= 'a' && (c | 32) <= 'z') || c == '/' || c == '!') return true;
  }
  return false;
}

// Lines with outer space gone, and at most one empty line between two.
void tidy(std::string_view text, std::string& out) {
  const size_t start = out.size();
  size_t at = 0;
  int empty = 0;
  while (at <= text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string one = line(text.substr(at, end - at), SIZE_MAX / 16);
    if (one.empty()) {
      ++empty;
    } else {
      if (out.size() > start) out += empty ? "\n\n" : "\n";
      out += one;
      empty = 0;
    }
    at = end + 1;
  }
}

}  // namespace

struct EmbeddedTexts::State {
  html::Parser parser;
  Tree tree;
  std::string text, raw, again;
  std::unordered_set<uint64_t> seen;  // asked only, never walked
};

EmbeddedTexts::EmbeddedTexts(size_t max_bytes, std::vector<Embedded>& out) : state_(new State), left_(max_bytes), out_(out) {}
EmbeddedTexts::~EmbeddedTexts() { delete state_; }

void EmbeddedTexts::to_text(std::string_view raw, std::string& out) {
  State& s = *state_;
  s.raw.assign(raw);
  for (int round = 0; round < 2; ++round) {
    const bool tags = has_tags(s.raw);
    if (!tags && s.raw.find('&') == std::string::npos) break;
    s.parser.parse(s.raw, s.tree);
    s.again.clear();
    bool preformatted = false;
    for (NodeId id = s.tree.following(0); id != kNoNode;) {
      const Node& node = s.tree[id];
      if (node.kind == html::Kind::text) {
        const std::string_view text = s.tree.text(node.range);
        preformatted = false;
        for (NodeId up = node.parent, steps = 0; up != kNoNode && steps < 8 && !preformatted; up = s.tree[up].parent, ++steps)
          preformatted = s.tree[up].tag == tag::pre;
        if (tags && !preformatted) {
          for (char c : text) s.again += is_space(c) ? ' ' : c;
        } else {
          s.again += text;
        }
      } else if (node.kind == html::Kind::element) {
        switch (node.tag) {
          case tag::script: case tag::style: case tag::svg: case tag::template_: case tag::iframe: case tag::head:
            id = s.tree.behind(id);
            continue;
          case tag::br: case tag::li: case tag::tr: case tag::dd: case tag::dt: s.again += '\n'; break;
          case tag::td: case tag::th: s.again += ' '; break;
          default:
            if (is_block(s.tree, id)) s.again += "\n\n";
        }
      }
      // Leaving blocks ends a paragraph too; without a walk up each time, by looking whether the way leads up.
      const NodeId next = s.tree.following(id);
      if (node.first_child == kNoNode && (next == kNoNode || s.tree[next].parent != node.parent)) {
        for (NodeId up = node.parent; up != kNoNode && (next == kNoNode || up != s.tree[next].parent); up = s.tree[up].parent)
          if (s.tree[up].kind == html::Kind::element && is_block(s.tree, up) && s.tree[up].tag != tag::li && s.tree[up].tag != tag::tr &&
              s.tree[up].tag != tag::td) {
            s.again += "\n\n";
            break;
          }
      }
      id = next;
    }
    s.raw.swap(s.again);
  }
  tidy(s.raw, out);
}

void EmbeddedTexts::paragraph(std::string_view raw) {
  State& s = *state_;
  if (raw.empty() || s.text.size() >= left_) return;
  std::string text;
  to_text(cut_utf8(raw, 4 * left_ + 4096), text);
  if (text.empty()) return;
  const std::string folded = fold(text);
  if (folded.size() > 24 && !s.seen.insert(digest(folded)).second) return;
  if (!s.text.empty()) s.text += "\n\n";
  s.text += text;
}

void EmbeddedTexts::finish(const char* origin, size_t min_bytes) {
  State& s = *state_;
  if (s.text.size() >= min_bytes && !s.text.empty()) {
    std::string kept(cut_utf8(s.text, left_));
    left_ -= std::min(left_, kept.size());
    if (kept.size() < s.text.size()) left_ = 0;
    out_.push_back({origin, std::move(kept)});
  }
  s.text.clear();
}

}  // namespace millrace::extract
