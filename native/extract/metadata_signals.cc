#include "native/extract/metadata_signals.h"

#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr size_t kMaxKept = 64;  // of each kind of element: a work budget

struct MetaName {
  std::string_view name;
  MetaField field;
  uint8_t rank;  // the lowest wins, then the first
};

// Open Graph, Twitter, Dublin Core, Google Scholar (citation_*), schema.org as meta, and names that publishing systems write.
constexpr MetaName kNames[] = {
    {"og:title", MetaField::title, 0},
    {"twitter:title", MetaField::title, 1},
    {"citation_title", MetaField::title, 2},
    {"dc.title", MetaField::title, 3},
    {"dcterms.title", MetaField::title, 3},
    {"parsely-title", MetaField::title, 4},
    {"sailthru.title", MetaField::title, 4},
    {"headline", MetaField::title, 4},
    {"article:published_time", MetaField::published, 0},
    {"og:article:published_time", MetaField::published, 0},
    {"datepublished", MetaField::published, 1},
    {"og:published_time", MetaField::published, 1},
    {"article:published", MetaField::published, 1},
    {"citation_publication_date", MetaField::published, 2},
    {"citation_online_date", MetaField::published, 3},
    {"citation_date", MetaField::published, 3},
    {"parsely-pub-date", MetaField::published, 2},
    {"sailthru.date", MetaField::published, 2},
    {"pubdate", MetaField::published, 2},
    {"publishdate", MetaField::published, 2},
    {"publish-date", MetaField::published, 2},
    {"publish_date", MetaField::published, 2},
    {"published_time", MetaField::published, 2},
    {"published-date", MetaField::published, 2},
    {"published_date", MetaField::published, 2},
    {"publication_date", MetaField::published, 2},
    {"publication-date", MetaField::published, 2},
    {"published_at", MetaField::published, 2},
    {"article.published", MetaField::published, 2},
    {"cxenseparse:recs:publishtime", MetaField::published, 2},
    {"article_date_original", MetaField::published, 2},
    {"originalpublicationdate", MetaField::published, 2},
    {"rbpubdate", MetaField::published, 2},
    {"published", MetaField::published, 3},
    {"displaydate", MetaField::published, 3},
    {"dc.date.issued", MetaField::published, 3},
    {"dcterms.issued", MetaField::published, 3},
    {"dc.date.created", MetaField::published, 4},
    {"dcterms.created", MetaField::published, 4},
    {"dc.date", MetaField::published, 4},
    {"dcterms.date", MetaField::published, 4},
    {"datecreated", MetaField::published, 4},
    {"uploaddate", MetaField::published, 4},
    {"date", MetaField::published, 5},
    {"created", MetaField::published, 6},
    {"article:modified_time", MetaField::modified, 0},
    {"og:modified_time", MetaField::modified, 1},
    {"og:updated_time", MetaField::modified, 1},
    {"datemodified", MetaField::modified, 1},
    {"dc.date.modified", MetaField::modified, 2},
    {"dcterms.modified", MetaField::modified, 2},
    {"last-modified", MetaField::modified, 3},
    {"last_modified", MetaField::modified, 3},
    {"lastmod", MetaField::modified, 3},
    {"og:site_name", MetaField::site, 0},
    {"application-name", MetaField::site, 2},
    {"apple-mobile-web-app-title", MetaField::site, 3},
    {"citation_journal_title", MetaField::site, 1},
    {"dc.publisher", MetaField::site, 2},
    {"og:locale", MetaField::locale, 0},
    {"content-language", MetaField::language, 0},
    {"language", MetaField::language, 1},
    {"dc.language", MetaField::language, 1},
    {"dcterms.language", MetaField::language, 1},
    {"inlanguage", MetaField::language, 1},
    {"og:url", MetaField::url, 0},
    {"twitter:url", MetaField::url, 1},
    {"dc.rights", MetaField::licence, 1},
    {"dcterms.rights", MetaField::licence, 1},
    {"dcterms.license", MetaField::licence, 0},
    {"dc.rights.license", MetaField::licence, 0},
    {"license", MetaField::licence, 2},
    {"robots", MetaField::robots, 0},
    {"tdm-reservation", MetaField::reservation, 0},
    {"tdm-policy", MetaField::policy, 0},
    {"og:type", MetaField::type, 0},
    {"generator", MetaField::generator, 0},
};

// Crawlers that collect text for models; a robots meta may name one (GPTBot and the like are also user agents of robots.txt).
constexpr std::string_view kAgents[] = {"ccbot", "gptbot", "google-extended", "applebot-extended", "anthropic-ai", "claudebot",
                                        "facebookbot", "meta-externalagent", "bytespider", "amazonbot", "omgilibot", "perplexitybot"};

constexpr std::string_view kAuthorNames[] = {"author", "article:author", "dc.creator", "dcterms.creator", "dc.contributor",
                                             "citation_author",
                                             "parsely-author", "sailthru.author", "byl", "article:author_name", "og:author", "creator",
                                             "article.author", "authors", "twitter:creator:name", "rbauthors", "dc.author", "author_name",
                                             "cxenseparse:author", "shareaholic:article_author_name"};

void read_meta(const Tree& tree, const Node& node, Signals& out) {
  std::string_view name, content;
  for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
    const auto& a = tree.attributes[i];
    switch (a.id) {
      case attr::content: content = tree.text(a.value); break;
      case attr::property: name = tree.text(a.value); break;
      case attr::name: case attr::itemprop: case attr::http_equiv:
        if (name.empty()) name = tree.text(a.value);
        break;
      default: break;
    }
  }
  if (name.empty() || content.empty() || name.size() > 40) return;
  char buffer[40];
  while (!name.empty() && is_space(name.front())) name.remove_prefix(1);
  while (!name.empty() && is_space(name.back())) name.remove_suffix(1);
  for (size_t i = 0; i < name.size(); ++i) buffer[i] = lower(name[i]);
  const std::string_view folded(buffer, name.size());
  for (const auto& known : kNames) {
    if (known.name != folded) continue;
    const auto field = static_cast<size_t>(known.field);
    if (out.meta[field].empty() || known.rank < out.rank[field]) {
      out.meta[field] = content;
      out.rank[field] = known.rank;
    } else if (known.field == MetaField::robots && out.agents.size() < kMaxKept) {
      out.agents.push_back({"", content});
    }
    return;
  }
  for (const auto& known : kAuthorNames)
    if (known == folded && out.meta_authors.size() < kMaxKept) {
      out.meta_authors.push_back({known, content});
      return;
    }
  if (folded.starts_with("twitter:label") || folded.starts_with("twitter:data")) {
    const size_t place = (folded.back() == '2' ? 2 : 0) + (folded[8] == 'd' ? 1 : 0);
    if (out.cards[place].empty()) out.cards[place] = content;
    return;
  }
  for (const auto& known : kAgents)
    if (known == folded && out.agents.size() < kMaxKept) {
      out.agents.push_back({known, content});
      return;
    }
}

bool has_word(std::string_view value, std::string_view word) {
  size_t at = 0;
  for (std::string_view one; next_word(value, at, one);)
    if (equals(one, word)) return true;
  return false;
}

}  // namespace

void Signals::clear() {
  language = canonical = licence = {};
  title = kNoNode;
  headings.clear();
  linked.clear();
  times.clear();
  authors.clear();
  dates.clear();
  types.clear();
  meta_authors.clear();
  agents.clear();
  meta.fill({});
  cards.fill({});
  rank.fill(0);
}

void find_signals(const Tree& tree, Signals& out) {
  out.clear();
  const auto keep = [](std::vector<NodeId>& list, NodeId id) {
    if (list.size() < kMaxKept && (list.empty() || list.back() != id)) list.push_back(id);
  };
  for (NodeId id = 1; id < tree.nodes.size(); ++id) {
    const Node& node = tree.nodes[id];
    if (node.kind != html::Kind::element || node.parent == kNoNode) continue;
    switch (node.tag) {
      case tag::meta: read_meta(tree, node, out); break;
      case tag::html:
        if (out.language.empty()) out.language = tree.value(node, attr::lang);
        if (out.language.empty()) out.language = tree.value(node, attr::xml_lang);
        break;
      case tag::title:
        if (out.title == kNoNode && node.ns == html::Ns::html) out.title = id;
        break;
      case tag::h1: keep(out.headings, id); break;
      case tag::time: keep(out.times, id); break;
      case tag::script:
        if (const auto type = tree.value(node, attr::type); type.size() >= 7 && contains(type, "ld+json")) keep(out.linked, id);
        break;
      default: break;
    }
    for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
      const auto& a = tree.attributes[i];
      if (a.id == attr::rel) {
        const std::string_view rel = tree.text(a.value);
        if (has_word(rel, "canonical")) {
          if (out.canonical.empty() && node.tag == tag::link) out.canonical = tree.value(node, attr::href);
        } else if (has_word(rel, "license")) {
          if (out.licence.empty()) out.licence = tree.value(node, attr::href);
        } else if (has_word(rel, "author") && node.tag != tag::link) {
          keep(out.authors, id);
        }
      } else if (a.id == attr::itemprop || (a.id == attr::property && node.tag != tag::meta)) {
        const std::string_view what = tree.text(a.value);
        if (contains(what, "author") || contains(what, "creator")) keep(out.authors, id);
        if (contains(what, "datepublished") || contains(what, "datecreated") || contains(what, "uploaddate")) keep(out.dates, id);
      } else if (a.id == attr::itemtype) {
        if (out.types.size() < kMaxKept) out.types.push_back(tree.text(a.value));
      }
    }
  }
}

}  // namespace millrace::extract
