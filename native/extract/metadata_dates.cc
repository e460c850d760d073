#include <cctype>
#include <cstring>

#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {

namespace {

namespace tag = html::tag;

constexpr size_t kMaxScriptBytes = 4u << 20;
constexpr int kShown = 48;  // score of a day near the heading

// Days from some day on, exact within a month and growing across them.
int days_from(const Date& date) { return (date.year * 12 + date.month) * 31 + date.day; }

Date meta_date(const Sources& sources, MetaField field) {
  return find_date(decoded_line(sources.signals.at(field), 128), sources.day_first);
}

// The day of a member that scripts keep for their own use: "datePublished": "2024-03-05T…", publishedAt, …
Date find_script_date(const Tree& tree, bool day_first) {
  size_t bytes = 0;
  for (NodeId id = 1; id < tree.nodes.size() && bytes < kMaxScriptBytes; ++id) {
    const Node& node = tree.nodes[id];
    if (node.kind != html::Kind::element || node.tag != tag::script || node.first_child == kNoNode) continue;
    const std::string_view text = tree.text(tree[node.first_child].range);
    bytes += text.size();
    for (size_t at = text.find("ublish"); at != std::string_view::npos; at = text.find("ublish", at + 6)) {
      // publishedAt, published_at, publishDate, datePublished, publishedTime, publicationDate: a name of letters, then a quoted value.
      size_t end = at + 6;
      while (end < text.size() && end < at + 24 && (std::isalpha(static_cast<unsigned char>(text[end])) || text[end] == '_')) ++end;
      size_t value = end;
      while (value < text.size() && value < end + 8 && std::strchr("\\\"': ", text[value])) ++value;
      if (value < end + 2) continue;
      if (const Date date = find_date(text.substr(value, 24), day_first)) return date;
    }
  }
  return {};
}

}  // namespace

Date declared_date(const Sources& sources) {
  return sources.linked.published ? sources.linked.published : meta_date(sources, MetaField::published);
}

Date choose_date(const Sources& sources, const Bylines& bylines) {
  const Date declared = declared_date(sources);
  const Bylines::Day* best = nullptr;
  for (const auto& day : bylines.days)
    if (!best || day.score > best->score) best = &day;
  const Date modified = sources.linked.modified ? sources.linked.modified : meta_date(sources, MetaField::modified);
  if (declared) {
    // Systems declare the day of the last import or change as the first one. A day that readers are shown near the heading, and that lies
    // before it by more than what time zones explain, is the older truth; a later one is an update.
    const bool earlier = best && best->score >= kShown && !best->modified && days_from(best->date) + 1 < days_from(declared);
    return earlier ? best->date : declared;
  }
  if (const Date date = find_url_date(sources.url)) return date;
  if (best && best->score >= 30) return best->date;
  if (modified) return modified;
  if (best && best->score >= 0) return best->date;
  return find_script_date(sources.page.tree, sources.day_first);
}

}  // namespace millrace::extract
