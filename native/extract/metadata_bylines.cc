#include <algorithm>
#include <cstring>

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
      if (has_any(value, {"owner"})) score += 8;
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
  if (words == 1) return digits == name.size() ? 0 : 1;
  if (digits > 3) return 0;
  return upper == words ? 2 : upper * 4 >= words * 3 ? 1 : 0;
}

bool has_year(std::string_view text) {
  for (size_t at = 0; at + 4 <= text.size(); ++at)
    if ((text[at] == '1' || text[at] == '2') && (text[at + 1] == '9' || text[at + 1] == '0') && text[at + 2] >= '0' && text[at + 2] <= '9' &&
        text[at + 3] >= '0' && text[at + 3] <= '9')
      return true;
  return false;
}

// Names in forums are made up, and the first one is the one who asks.
bool is_forum(const Sources& sources) {
  for (const auto& type : sources.linked.types)
    if (type == "DiscussionForumPosting" || type == "QAPage") return true;
  for (const auto type : sources.signals.types)
    if (contains(type, "discussionforumposting") || contains(type, "qapage") || contains(type, "question")) return true;
  return has_any(sources.url, {"forum", "/thread", "viewtopic", "showthread", "/t/", "/questions/", "bbs.", "community", "discuss"});
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
  const bool forum = is_forum(sources);
  // The first line that reads like a name.
  const auto add_author = [&](NodeId id, std::string_view text, int score) {
    for (size_t at = 0, lines = 0; at < text.size() && lines < 4; ++lines) {
      const size_t end = std::min(text.find('\n', at), text.size());
      std::string name = clean_author(text.substr(at, end - at));
      at = end + 1;
      const int likeness = name_likeness(name);
      if (!likeness) continue;
      score += surroundings(tree, id) - distance(id) + (forum ? 0 : (likeness - 2) * 6);
      out.authors.push_back({std::move(name), score});
      return;
    }
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
      add_author(id, content.empty() ? lines_of(tree, from, 300) : std::string(content), tree.find(node, attr::rel) ? 76 : 82);
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
    if (authors && node.tag == tag::a && out.authors.size() < 128) {
      const std::string_view to = tree.value(node, attr::href);
      if (has_any(to, {"/author/", "/authors/", "/contributors/", "/writers/", "?author=", "/staff/", "/people/"})) add_author(id, lines_of(tree, id, 200), 64);
    }
    for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
      const auto& a = tree.attributes[i];
      if (a.id != attr::class_ && a.id != attr::id) continue;
      const std::string_view name = tree.text(a.value);
      if (authors && out.authors.size() < 128 &&
          has_any(name, {"author", "byline", "by-line", "posted-by", "postedby", "submitted", "written-by", "username", "user-name", "writer", "screenname"})) {
        if (!has_any(name, {"author-bio", "avatar", "image", "photo", "desc", "social", "authority", "authoriz", "author-info", "-img", "thumb"})) {
          const std::string text = lines_of(tree, id, 300);
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
  // Days in short texts: near the heading at once, elsewhere where nothing better was found.
  if (days) {
    const NodeId near_first = heading == kNoNode || heading < 120 ? 1 : heading - 120;
    const NodeId near_last = static_cast<NodeId>(std::min<size_t>(tree.nodes.size(), heading == kNoNode ? 1 : size_t(heading) + 260));
    const bool known = sources.linked.published || !out.days.empty();
    const NodeId first = known ? near_first : 1, last = known ? near_last : static_cast<NodeId>(tree.nodes.size());
    for (NodeId id = first; id < last && out.days.size() < 192; ++id) {
      const Node& node = tree.nodes[id];
      if (node.kind != html::Kind::text || node.range.size < 6 || node.range.size > 160 || node.parent == kNoNode) continue;
      const std::string_view raw = tree.text(node.range);
      if (!has_year(raw)) continue;
      const Node& parent = tree[node.parent];
      if (parent.tag == tag::script || parent.tag == tag::style || parent.tag == tag::title || parent.tag == tag::time) continue;
      const std::string text = line(raw, 160);
      const bool labelled = has_any(text, {"publish", "posted", "written", "created", "date:"}), modified = has_any(text, {"updat", "modif", "edited", "reviewed"});
      const bool short_text = text.size() <= 48;
      if (!short_text && !labelled && !modified) {
        add_day(id, text, 22, false);
        continue;
      }
      if (contains(text, "copyright") || text.find("©") != std::string::npos) continue;
      add_day(id, text, 46 + (labelled ? 8 : 0), modified && !labelled);
    }
  }

  // "By Name" as a text of its own, or a label with the name behind it.
  if (authors) {
    for (NodeId id = 1; id < tree.nodes.size() && out.authors.size() < 192; ++id) {
      const Node& node = tree.nodes[id];
      if (node.kind != html::Kind::text || node.range.size < 2 || node.range.size > 300 || node.parent == kNoNode) continue;
      const Node& parent = tree[node.parent];
      if (parent.tag == tag::script || parent.tag == tag::style || parent.tag == tag::title) continue;
      const std::string_view raw = tree.text(node.range);
      size_t at = 0;
      while (at < raw.size() && is_space(raw[at])) ++at;
      if (at == raw.size() || !std::strchr("BbWwPpAaTtCc", raw[at])) continue;
      const std::string_view text = raw.substr(at);
      const bool by = starts(text, "by ") || starts(text, "by:") || starts(text, "by\n") || equals(text, "by");
      if (!by && !starts(text, "written by") && !starts(text, "posted by") && !starts(text, "author") && !starts(text, "article by") &&
          !starts(text, "words by") && !starts(text, "contributor") && !starts(text, "this "))
        continue;
      const std::string label = line(text, 300);
      const bool alone = equals(label, "by") || equals(label, "by:") || equals(label, "written by") || equals(label, "written by:") ||
                         equals(label, "posted by") || equals(label, "posted by:") || equals(label, "author") || equals(label, "author:") ||
                         equals(label, "authors:") || equals(label, "article by") || equals(label, "words by") || equals(label, "contributors:") ||
                         (starts(label, "this ") && label.size() < 60 && label.ends_with("written by"));
      if (alone) {
        const NodeId behind = node.next != kNoNode ? node.next : parent.next != kNoNode ? parent.next : kNoNode;
        NodeId name = behind;
        for (int steps = 0; name != kNoNode && steps < 4; ++steps, name = tree[name].next) {
          const std::string found = tree[name].kind == html::Kind::comment ? "" : lines_of(tree, name, 300);
          if (found.empty()) continue;
          add_author(id, found, 66);
          break;
        }
      } else if (by || starts(text, "written by") || starts(text, "posted by") || starts(text, "author:") || starts(text, "article by")) {
        if (label.size() < 80) add_author(id, label, 66);
      }
    }
  }
}

}  // namespace millrace::extract
