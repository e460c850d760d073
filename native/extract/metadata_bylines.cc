#include <algorithm>

#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words)
    if (contains(text, word)) return true;
  return false;
}

// What stands around a node: 0 nothing bad; less for comments, teasers of other pages, navigation and page foot.
int surroundings(const Tree& tree, NodeId id) {
  int score = 0, steps = 0;
  for (NodeId up = tree[id].parent; up != kNoNode && steps < 24; up = tree[up].parent, ++steps) {
    const Node& node = tree[up];
    if (node.kind != html::Kind::element || node.tag == tag::body) break;
    if (node.tag == tag::nav || node.tag == tag::footer) score -= 15;
    if (node.tag == tag::aside) score -= 10;
    const std::string_view name = tree.value(node, attr::class_), number = tree.value(node, attr::id);
    for (const auto value : {name, number}) {
      if (value.empty()) continue;
      if (has_any(value, {"comment", "respond", "replies"})) score -= 15;
      if (has_any(value, {"related", "recommend", "sidebar", "widget", "popular", "footer", "recent", "promo", "trending", "read-next", "more-"}))
        score -= 20;
    }
  }
  return std::max(score, -60);
}

// How much a text looks like a person's or a team's name: 0 not at all, 1 perhaps, 2 yes.
int name_likeness(std::string_view name) {
  size_t at = 0, words = 0, upper = 0, digits = 0;
  for (std::string_view word; next_word(name, at, word);) {
    ++words;
    const char c = word[0];
    upper += (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80 || word == "and" || word == "de" || word == "van" || word == "von" ||
             word == "der" || word == "la" || word == "&" || c == '(';
    for (char d : word) digits += d >= '0' && d <= '9';
  }
  if (words == 0 || words > 14 || name.size() < 2) return 0;
  if (words == 1) return digits * 2 > name.size() ? 0 : 1;
  if (digits > 3) return 0;
  return upper == words ? 2 : upper * 4 >= words * 3 ? 1 : 0;
}

}  // namespace

void find_bylines(const Sources& sources, NodeId heading, bool authors, bool days, Bylines& out) {
  const Tree& tree = sources.page.tree;
  out.authors.clear();
  out.days.clear();
  const auto distance = [&](NodeId id) {
    if (heading == kNoNode) return 10;
    const uint32_t nodes = id > heading ? id - heading : heading - id;
    return nodes < 40 ? 0 : nodes < 150 ? 4 : nodes < 500 ? 9 : 14;
  };
  const auto add_author = [&](NodeId id, std::string_view text, int score) {
    std::string name = clean_author(text);
    const int likeness = name_likeness(name);
    if (!likeness || find_date(name, false)) return;
    score += surroundings(tree, id) - distance(id) + (likeness - 2) * 6;
    out.authors.push_back({std::move(name), score});
  };
  const auto add_day = [&](NodeId id, std::string_view text, int score, bool modified) {
    const Date date = find_date(text, sources.day_first);
    if (date) out.days.push_back({date, score + surroundings(tree, id) - distance(id) - (modified ? 12 : 0), modified});
  };

  if (authors) {
    for (const NodeId id : sources.signals.authors) {
      const Node& node = tree[id];
      if (node.tag == tag::meta) continue;
      NodeId from = id;
      // An author that is an item of its own holds its name in a property.
      size_t steps = 0;
      for (NodeId in = tree.following(id, id); in != kNoNode && steps < 64; in = tree.following(in, id), ++steps)
        if (tree[in].kind == html::Kind::element && equals(tree.value(tree[in], attr::itemprop), "name")) {
          from = in;
          break;
        }
      const std::string_view content = tree.value(tree[from], attr::content);
      add_author(id, content.empty() ? text_of(tree, from, 300) : std::string(content), tree.find(node, attr::rel) ? 76 : 82);
    }
  }
  if (days) {
    for (const NodeId id : sources.signals.dates) {
      const Node& node = tree[id];
      std::string_view value = tree.value(node, attr::content);
      if (value.empty()) value = tree.value(node, attr::datetime);
      add_day(id, value.empty() ? text_of(tree, id, 128) : std::string(value), 90, false);
    }
    for (const NodeId id : sources.signals.times) {
      const Node& node = tree[id];
      const std::string_view value = tree.value(node, attr::datetime), name = tree.value(node, attr::class_);
      const bool modified = has_any(name, {"updat", "modif"}) || contains(tree.value(node, attr::itemprop), "modif");
      const int score = 60 + (tree.find(node, attr::pubdate) ? 15 : 0) + (has_any(name, {"publish", "entry-date", "created"}) ? 10 : 0);
      add_day(id, value.empty() ? text_of(tree, id, 128) : std::string(value), score, modified);
    }
  }

  // Class and id of every element.
  for (NodeId id = 1; id < tree.nodes.size(); ++id) {
    const Node& node = tree.nodes[id];
    if (node.kind != html::Kind::element || node.parent == kNoNode || node.attribute_count == 0 || node.tag == tag::body) continue;
    for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
      const auto& a = tree.attributes[i];
      if (a.id != attr::class_ && a.id != attr::id) continue;
      const std::string_view name = tree.text(a.value);
      if (authors && out.authors.size() < 128 &&
          has_any(name, {"author", "byline", "by-line", "posted-by", "postedby", "submitted", "written-by", "username", "user-name", "writer", "screenname"})) {
        if (!has_any(name, {"author-bio", "avatar", "image", "photo", "desc", "social", "authority", "authoriz", "author-info", "-img", "thumb"})) {
          const std::string text = text_of(tree, id, 300);
          const int score = 62 + (has_any(name, {"name", "byline"}) ? 6 : 0);
          add_author(id, text, score);
        }
      }
      if (days && out.days.size() < 128 && has_any(name, {"date", "time", "publish", "posted", "byline", "meta", "pubdate"})) {
        const bool modified = has_any(name, {"updated", "modified"});
        add_day(id, text_of(tree, id, 200), 50 + (has_any(name, {"publish", "posted", "entry-date", "pubdate"}) ? 8 : 0), modified);
      }
    }
  }
  // "By Name" as a text of its own near the heading.
  if (authors && heading != kNoNode) {
    const NodeId first = heading > 150 ? heading - 150 : 1, last = std::min<size_t>(tree.nodes.size(), size_t(heading) + 600);
    for (NodeId id = first; id < last; ++id) {
      const Node& node = tree.nodes[id];
      if (node.kind != html::Kind::text || node.range.size < 2 || node.range.size > 200 || node.parent == kNoNode) continue;
      const Node& parent = tree[node.parent];
      if (parent.tag == tag::script || parent.tag == tag::style) continue;
      const std::string text = line(tree.text(node.range), 200);
      if (!starts(text, "by ") && !starts(text, "written by") && !starts(text, "posted by") && !equals(text, "by") && !equals(text, "by:")) continue;
      if (text.size() <= 12 && count_words(text) <= (starts(text, "by") ? 1u : 2u)) {
        add_author(id, text_of(tree, node.parent, 300), 64);
        if (node.next != kNoNode) add_author(id, text_of(tree, node.next, 300), 66);
        else if (parent.next != kNoNode) add_author(id, text_of(tree, parent.next, 300), 64);
      } else {
        add_author(id, text, 66);
      }
    }
  }
}

}  // namespace millrace::extract
