#include <algorithm>
#include <array>

#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"
#include "native/extract/metadata_words.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words)
    if (contains(text, word)) return true;
  return false;
}

// Names of classes and ids. The first group says that a person is named, the second that only something of theirs stands there, then days.
constexpr WordFinder kNames{"author", "byline", "by-line", "posted-by", "postedby", "submitted", "written-by", "username", "user-name", "writer",
                       "screenname",
                       "author-bio", "avatar", "image", "photo", "desc", "social", "authority", "authoriz", "author-info", "-img", "thumb",
                       "date", "time", "publish", "posted", "meta", "entry-date",
                       "updated", "modified"};
constexpr uint64_t kPerson = WordFinder::bits(0, 11), kPersonal = WordFinder::bits(11, 11), kDay = WordFinder::bits(22, 6) | WordFinder::bits(1, 1);
constexpr uint64_t kNamed = WordFinder::bits(1, 1), kPublished = WordFinder::bits(24, 2) | WordFinder::bits(27, 1), kModified = WordFinder::bits(28, 2);

constexpr WordFinder kAround{"comment", "respond", "replies",
                        "related", "recommend", "sidebar", "widget", "popular", "footer", "recent", "promo", "trending", "read-next",
                        "more-",
                        "owner"};
constexpr uint64_t kComments = WordFinder::bits(0, 3), kOthers = WordFinder::bits(3, 11), kOwner = WordFinder::bits(14, 1);

constexpr WordFinder kProfiles{"/author/", "/authors/", "/contributors/", "/writers/", "?author=", "/staff/", "/people/"};

constexpr size_t kMaxName = 512;  // bytes of a class or an id that are read

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
      const uint64_t found = kAround.find(value.substr(0, kMaxName));
      if (found & kComments) score -= 15;
      if (found & kOwner) score += 8;
      if (found & kOthers) score -= 20;
    }
  }
  return std::max(score, -60);
}

// WordFinder of names that are written small.
bool is_particle(std::string_view word) {
  return word == "and" || word == "&" || word == "de" || word == "van" || word == "von" || word == "der" || word == "la";
}

// How much a text looks like a person's or a team's name: 0 not at all, 1 perhaps, 2 yes.
int name_likeness(std::string_view name) {
  size_t at = 0, words = 0, upper = 0, digits = 0;
  for (std::string_view word; next_word(name, at, word);) {
    ++words;
    const char c = word[0];
    upper += (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80 || c == '(' || is_particle(word);
    for (char d : word) digits += d >= '0' && d <= '9';
  }
  if (words == 0 || words > 14 || name.size() < 2) return 0;
  if (words == 1) return digits == name.size() ? 0 : 1;
  if (digits > 3) return 0;
  return upper == words ? 2 : upper * 4 >= words * 3 ? 1 : 0;
}

// Four digits in a row that begin with 19 or 20.
bool has_year(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  for (size_t at = 0; at + 4 <= text.size();) {
    if (!digit(at + 3)) at += 4;
    else if (digit(at + 2) && ((text[at] == '1' && text[at + 1] == '9') || (text[at] == '2' && text[at + 1] == '0'))) return true;
    else ++at;
  }
  return false;
}

// First letters of what may say that a name follows.
constexpr auto kBeginsLabel = [] {
  std::array<bool, 256> all{};
  for (const unsigned char c : {'b', 'w', 'p', 'a', 't', 'c'}) all[c] = all[c - 32] = true;
  return all;
}();

// Names in forums are made up, and the first one is the one who asks.
bool is_forum(const Sources& sources) {
  for (const auto& type : sources.linked.types)
    if (type == "DiscussionForumPosting" || type == "QAPage") return true;
  for (const auto type : sources.signals.types)
    if (contains(type, "discussionforumposting") || contains(type, "qapage") || contains(type, "question")) return true;
  return has_any(sources.url, {"forum", "/thread", "viewtopic", "showthread", "/t/", "/questions/", "bbs.", "community", "discuss"});
}

constexpr size_t kMaxFound = 128;  // authors and days each, before texts are read
constexpr size_t kMaxAll = 192;
constexpr size_t kMaxReads = 2048;  // texts of elements that are gathered
constexpr size_t kMaxShort = 48;   // bytes of a text that may hold a day and nothing much else
constexpr size_t kMaxText = 160;   // bytes of a text that may hold one in a sentence

class Finder {
 public:
  Finder(const Sources& sources, NodeId heading, bool authors, bool days, Bylines& out)
      : sources_(sources),
        tree_(sources.page.tree),
        heading_(heading),
        authors_(authors),
        days_(days),
        forum_(authors && is_forum(sources)),
        out_(out) {}

  // itemprop, property, rel; time elements.
  void properties() {
    if (authors_) {
      for (const NodeId id : sources_.signals.authors) {
        const Node& node = tree_[id];
        if (node.tag == tag::meta) continue;
        NodeId from = id;
        size_t steps = 0;
        // An author that is an item of its own holds its name in a property.
        for (NodeId in = tree_.following(id, id); in != kNoNode && steps < 64; in = tree_.following(in, id), ++steps)
          if (tree_[in].kind == html::Kind::element && equals(tree_.value(tree_[in], attr::itemprop), "name")) {
            from = in;
            break;
          }
        const std::string_view content = tree_.value(tree_[from], attr::content);
        const std::string text = content.empty() ? lines(from, 300) : std::string(content.substr(0, kMaxName));
        add_author(id, text, tree_.find(node, attr::rel) ? 76 : 82);
      }
    }
    for (const NodeId id : sources_.signals.dates) {
      std::string_view value = tree_.value(tree_[id], attr::content);
      if (value.empty()) value = tree_.value(tree_[id], attr::datetime);
      add_day(id, value, 90, false);
    }
    for (const NodeId id : sources_.signals.times) {
      const Node& node = tree_[id];
      const uint64_t found = kNames.find(tree_.value(node, attr::class_).substr(0, kMaxName));
      const bool modified = (found & kModified) || contains(tree_.value(node, attr::itemprop), "modif");
      const int score = 60 + (tree_.find(node, attr::pubdate) ? 15 : 0) + (found & kPublished ? 10 : 0);
      add_day(id, tree_.value(node, attr::datetime), score, modified);
    }
  }

  // Classes and ids; links to profiles.
  void names() {
    const bool all = authors_ || days_;
    const NodeId first = all ? 1 : near_begin(500), last = all ? static_cast<NodeId>(tree_.nodes.size()) : near_end(500);
    Memo memo;
    for (NodeId id = first; id < last; ++id) {
      const Node& node = tree_.nodes[id];
      if (node.kind != html::Kind::element || node.parent == kNoNode || node.attribute_count == 0 || node.tag == tag::body) continue;
      for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
        const auto& a = tree_.attributes[i];
        if (a.id == attr::href && authors_ && node.tag == tag::a) {
          const std::string_view to = tree_.text(a.value).substr(0, kMaxName);
          if (out_.authors.size() < kMaxFound && kProfiles.find(to)) add_author(id, lines(id, 200), 64);
          continue;
        }
        if (a.id != attr::class_ && a.id != attr::id) continue;
        const std::string_view name = tree_.text(a.value).substr(0, kMaxName);
        const uint64_t found = memo.find(kNames, name);
        if (!found) continue;
        if (authors_ && (found & kPerson) && !(found & kPersonal) && out_.authors.size() < kMaxFound) {
          const bool named = (found & kNamed) || contains(name, "name");
          add_author(id, lines(id, 300), 62 + (named ? 6 : 0));
        }
        if ((found & kDay) && out_.days.size() < kMaxFound) add_day(id, {}, 50 + (found & kPublished ? 8 : 0), found & kModified);
      }
    }
  }

  // Days in short texts: near the heading at once, elsewhere where nothing better was found.
  void day_texts() {
    const bool all = days_ && out_.days.empty();
    const NodeId first = all ? 1 : near_begin(120), last = all ? static_cast<NodeId>(tree_.nodes.size()) : near_end(260);
    for (NodeId id = first; id < last && out_.days.size() < kMaxAll; ++id) {
      const Node& node = tree_.nodes[id];
      if (node.kind != html::Kind::text || node.range.size < 6 || node.range.size > kMaxText || node.parent == kNoNode) continue;
      const std::string_view raw = tree_.text(node.range);
      if (!has_year(raw) || !is_shown(node.parent) || tree_[node.parent].tag == tag::time) continue;
      const std::string text = line(raw, kMaxText);
      const uint64_t found = kDayWords.find(text);
      if ((found & kCopyright) || text.find("©") != std::string::npos) continue;
      const bool labelled = found & kPublishing, modified = found & kChanging;
      if (text.size() <= kMaxShort || labelled || modified)
        add_day_text(id, text, 46 + (labelled ? 8 : 0), modified && !labelled);
      else
        add_day_text(id, text, 22, false);
    }
  }

  // "By Name" as a text of its own, or a label with the name behind it.
  void author_texts() {
    if (!authors_) return;
    for (NodeId id = 1; id < tree_.nodes.size() && out_.authors.size() < kMaxAll; ++id) {
      const Node& node = tree_.nodes[id];
      if (node.kind != html::Kind::text || node.range.size < 2 || node.range.size > 300 || node.parent == kNoNode) continue;
      std::string_view text = tree_.text(node.range);
      while (!text.empty() && is_space(text[0])) text.remove_prefix(1);
      if (text.empty() || !kBeginsLabel[static_cast<unsigned char>(text[0])] || !is_shown(node.parent)) continue;
      bool labelled = false;
      for (const auto label : kLabels) labelled |= starts(text, label);
      if (!labelled) continue;
      const std::string shown = line(text, 300);
      if (is_label(shown)) {
        NodeId name = node.next != kNoNode ? node.next : tree_[node.parent].next;
        for (int steps = 0; name != kNoNode && steps < 4; ++steps, name = tree_[name].next) {
          const std::string behind = tree_[name].kind == html::Kind::comment ? "" : lines(name, 300);
          if (behind.empty()) continue;
          add_author(id, behind, far(id) + 66, true);
          break;
        }
      } else if (shown.size() < 80 && !starts(shown, "this ") && (!starts(shown, "by") || shown[2] == ' ' || shown[2] == ':') &&
                 (!starts(shown, "author") || starts(shown, "author:")) && !starts(shown, "contributor")) {
        add_author(id, shown, far(id) + 66, true);
      }
    }
  }

 private:
  static constexpr std::string_view kLabels[] = {"by",         "written by", "posted by",   "author",
                                                 "article by", "words by",   "contributor", "this "};
  static constexpr WordFinder kDayWords{"publish", "posted", "written", "created", "date:", "updat", "modif", "edited", "reviewed", "copyright"};
  static constexpr uint64_t kPublishing = WordFinder::bits(0, 5), kChanging = WordFinder::bits(5, 4), kCopyright = WordFinder::bits(9, 1);

  // A text that says that a name follows, and no more.
  static bool is_label(std::string_view text) {
    if (text.ends_with(':')) text.remove_suffix(1);
    for (const std::string_view label : {"by", "written by", "posted by", "author", "authors", "article by", "words by", "contributors"})
      if (equals(text, label)) return true;
    return starts(text, "this ") && text.size() < 60 && text.ends_with("written by");
  }

  bool is_shown(NodeId parent) const {
    const auto name = tree_[parent].tag;
    return name != tag::script && name != tag::style && name != tag::title && name != tag::textarea;
  }

  NodeId near_begin(uint32_t nodes) const { return heading_ == kNoNode || heading_ <= nodes ? 1 : heading_ - nodes; }
  NodeId near_end(uint32_t nodes) const {
    return heading_ == kNoNode ? 1 : static_cast<NodeId>(std::min<size_t>(tree_.nodes.size(), size_t(heading_) + nodes));
  }

  int distance(NodeId id) const {
    if (heading_ == kNoNode) return 10;
    const uint32_t nodes = id > heading_ ? id - heading_ : heading_ - id;
    return nodes < 40 ? 0 : nodes < 150 ? 4 : nodes < 500 ? 9 : 14;
  }

  // "By" is a common word: away from the heading it counts for little unless more is said.
  int far(NodeId id) const { return distance(id) < 9 ? 0 : -10; }

  // The first line that reads like a name; `full_name` asks for two words at least.
  void add_author(NodeId id, std::string_view text, int score, bool full_name = false) {
    for (size_t at = 0, lines = 0; at < text.size() && lines < 4; ++lines) {
      const size_t end = std::min(text.find('\n', at), text.size());
      std::string name = clean_author(text.substr(at, end - at));
      at = end + 1;
      const int likeness = name_likeness(name);
      if (!likeness || (full_name && !forum_ && (likeness < 2 || count_words(name) < 2))) continue;
      score += surroundings(tree_, id) - distance(id) + (forum_ ? 0 : (likeness - 2) * 6);
      out_.authors.push_back({std::move(name), score});
      return;
    }
  }

  void add_day(NodeId id, std::string_view value, int score, bool modified) {
    if (!value.empty()) return add_day_text(id, value.substr(0, kMaxText), score, modified);
    if (reads_++ < kMaxReads) add_day_text(id, text_of(tree_, id, 200), score, modified);
  }

  void add_day_text(NodeId id, std::string_view text, int score, bool modified) {
    const Date date = find_date(text, sources_.day_first);
    if (date) out_.days.push_back({date, score + surroundings(tree_, id) - distance(id) - (modified ? 12 : 0), modified});
  }

  std::string lines(NodeId id, size_t cap) { return reads_++ < kMaxReads ? lines_of(tree_, id, cap) : std::string(); }

  const Sources& sources_;
  const Tree& tree_;
  size_t reads_ = 0;
  NodeId heading_;
  bool authors_, days_, forum_;
  Bylines& out_;
};

}  // namespace

void find_bylines(const Sources& sources, NodeId heading, bool authors, bool days, Bylines& out) {
  out.authors.clear();
  out.days.clear();
  Finder finder(sources, heading, authors, days, out);
  finder.properties();
  finder.names();
  finder.day_texts();
  finder.author_texts();
}

}  // namespace millrace::extract
