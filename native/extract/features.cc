#include "native/extract/features.h"
#include "native/extract/features_page.h"

#include <algorithm>
#include <array>
#include <bit>

#include "native/extract/forest.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;

constexpr const char* kNames[] = {
#define FEATURE(id) #id,
#include "native/extract/features.inc"
#undef FEATURE
};

constexpr uint8_t kFar = 30;

// Ancestors whose tag alone says something, as bits.
enum TagBit { kNav, kHeader, kFooter, kAside, kMain, kArticle, kSection, kForm, kTable, kList, kDl, kQuote, kFigure, kButton, kDetails, kNoscript, kP, kLi, kTagBits };

uint32_t tag_bits(uint16_t id) {
  switch (id) {
    case tag::nav: return 1u << kNav;
    case tag::header: return 1u << kHeader;
    case tag::footer: return 1u << kFooter;
    case tag::aside: return 1u << kAside;
    case tag::main: return 1u << kMain;
    case tag::article: return 1u << kArticle;
    case tag::section: return 1u << kSection;
    case tag::form: return 1u << kForm;
    case tag::table: return 1u << kTable;
    case tag::ul: case tag::ol: case tag::menu: return 1u << kList;
    case tag::dl: return 1u << kDl;
    case tag::blockquote: return 1u << kQuote;
    case tag::figure: case tag::figcaption: return 1u << kFigure;
    case tag::button: case tag::label: return 1u << kButton;
    case tag::details: case tag::summary: return 1u << kDetails;
    case tag::noscript: return 1u << kNoscript;
    case tag::p: return 1u << kP;
    case tag::li: return 1u << kLi;
    default: return 0;
  }
}

// Kinds of containers on a scale from running text to furniture, so that a split can separate neighbours.
float tag_code(uint16_t id) {
  switch (id) {
    case tag::p: return 0;
    case tag::pre: return 1;
    case tag::blockquote: return 2;
    case tag::h1: return 3;
    case tag::h2: return 4;
    case tag::h3: return 5;
    case tag::h4: case tag::h5: case tag::h6: return 6;
    case tag::li: return 7;
    case tag::ul: case tag::ol: return 8;
    case tag::dd: return 9;
    case tag::dt: case tag::dl: return 10;
    case tag::td: return 11;
    case tag::th: return 12;
    case tag::tr: case tag::tbody: case tag::table: case tag::thead: return 13;
    case tag::article: return 14;
    case tag::main: return 15;
    case tag::section: return 16;
    case tag::body: return 17;
    case tag::div: return 18;
    case tag::figcaption: case tag::figure: return 19;
    case tag::details: case tag::summary: return 20;
    case tag::header: return 21;
    case tag::a: return 22;
    case tag::span: return 23;
    case tag::button: case tag::label: case tag::legend: case tag::fieldset: return 24;
    case tag::form: return 25;
    case tag::aside: return 26;
    case tag::footer: return 27;
    case tag::nav: return 28;
    default: return 29;
  }
}

float ratio(float part, float whole) { return whole > 0 ? part / whole : 0; }
float logged(float x) { return rough_log2(x); }

__attribute__((noinline, optimize("O3"))) void widened(float* __restrict out, const uint8_t* __restrict in, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = in[i];
}

// Distances of a child from those of its parent (null: the root). Apart, so that the compiler takes sixteen at once.
__attribute__((noinline, optimize("O3"))) void further(uint8_t* __restrict out, const uint8_t* __restrict up, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const uint8_t next = up ? static_cast<uint8_t>(up[i] + 1) : kFar;
    out[i] = next < kFar ? next : kFar;
  }
}

}  // namespace

const char* feature_name(size_t id) { return kNames[id]; }

void Features::read(const Page& page, std::span<const Block> blocks, std::string_view url, bool unread) {
  words.hashes.clear();
  stats.assign(blocks.size(), {});
  read_slots(page, blocks);
  for (size_t b = 0; b < blocks.size(); ++b) {
    auto& slot = slots[slot_of[b]];
    auto& s = stats[b];
    read_stats(page, blocks[b], slot.linked_element, s, words, unread);
    const bool prose = s.mass > 60 && s.ends > 0 && s.linked < 0.4f * s.mass;
    slot.mass += s.mass;
    slot.linked += s.linked;
    slot.prose += prose ? s.mass : 0;
    slot.paragraphs += s.mass > 100;
    slot.headings += blocks[b].kind == BlockKind::heading;
    ++slot.blocks;
    ++slot.own_blocks;
  }
  for (size_t i = slots.size(); i-- > 1;) {
    const auto& from = slots[i];
    auto& to = slots[from.parent];
    to.mass += from.mass;
    to.linked += from.linked;
    to.prose += from.prose;
    to.paragraphs += from.paragraphs;
    to.headings += from.headings;
    to.blocks += from.blocks;
  }
  score_slots();
  fill(page, blocks, url);
}

void Features::fill(const Page& page, std::span<const Block> blocks, std::string_view url) {
  const auto& tree = page.tree;
  const size_t n = blocks.size();
  values.assign(n * feature::count, 0.f);
  title_block = kNoNode;
  if (n == 0) return;
  using namespace feature;

  // Distances from each slot to the nearest one that has a group or a tag.
  distances_.resize(slots.size() * group::count);
  tag_distances_.resize(slots.size() * kTagBits);
  for (size_t i = 0; i < slots.size(); ++i) {
    further(distances_.data() + i * group::count, i ? distances_.data() + slots[i].parent * group::count : nullptr, group::count);
    uint8_t* d = distances_.data() + i * group::count;
    for (auto bits = slots[i].groups; bits; bits &= bits - 1) d[std::countr_zero(bits)] = 0;
    uint8_t* t = tag_distances_.data() + i * kTagBits;
    further(t, i ? tag_distances_.data() + slots[i].parent * kTagBits : nullptr, kTagBits);
    for (auto bits = tag_bits(tree[slots[i].node].tag); bits; bits &= bits - 1) t[std::countr_zero(bits)] = 0;
  }

  // The page as a whole.
  std::array<float, feature::count> whole{};
  const auto& root = slots[0];
  float longest = 0, currency = 0, code = 0, questions = 0, years = 0, foreign = 0, letters = 0, images = 0, h1 = 0, tables = 0, items = 0;
  for (size_t b = 0; b < n; ++b) {
    const auto& s = stats[b];
    longest = std::max(longest, s.mass - s.linked);
    currency += float(s.currency);
    code += blocks[b].kind == BlockKind::code;
    tables += blocks[b].kind == BlockKind::table;
    questions += float(s.questions);
    years += float(s.years);
    foreign += float(s.foreign);
    letters += float(s.letters);
    images += float(s.images);
    h1 += blocks[b].level == 1;
    items += tree[blocks[b].container].tag == tag::li;
  }
  float articles = 0, forms = 0, main_mass = 0, article_mass = 0;
  for (const auto& slot : slots) {
    const auto id = tree[slot.node].tag;
    if (id == tag::article) ++articles, article_mass = std::max(article_mass, slot.mass);
    if (id == tag::main) main_mass = std::max(main_mass, slot.mass);
    forms += id == tag::form;
  }
  const float total = std::max(root.mass, 1.f);
  whole[page_mass] = logged(total);
  whole[page_link] = ratio(root.linked, total);
  whole[page_blocks] = logged(float(n));
  whole[page_prose] = ratio(root.prose, total);
  whole[page_headings] = logged(float(root.headings));
  whole[page_longest] = logged(longest);
  whole[page_paragraphs] = logged(float(root.paragraphs));
  whole[page_articles] = logged(articles);
  whole[page_currency] = logged(currency);
  whole[page_code] = logged(code);
  whole[page_forms] = logged(forms);
  whole[page_foreign] = ratio(foreign, letters);
  whole[page_h1] = h1;
  whole[page_lists] = ratio(items, float(n));
  whole[page_tables] = tables;
  whole[page_images] = logged(images);
  whole[page_questions] = logged(questions);
  whole[page_years] = logged(years);
  whole[page_best_share] = slots[best].mass / total;
  whole[page_best_link] = ratio(slots[best].linked, slots[best].mass);
  whole[page_main_share] = main_mass / total;
  whole[page_article_share] = article_mass / total;
  read_schema(tree, whole.data());
  read_url(url, whole.data());

  // The title's own block.
  Stats title;
  Words title_words;
  read_stats(title_of(tree).substr(0, 300), title, title_words);
  const auto in_title = [&](uint32_t hash) { return std::find(title_words.hashes.begin(), title_words.hashes.end(), hash) != title_words.hashes.end(); };
  size_t first_h1 = n, title_at = n;
  float title_best = 0.5f;
  for (size_t b = 0; b < n; ++b) {
    const auto& s = stats[b];
    if (blocks[b].level == 1 && first_h1 == n) first_h1 = b;
    float match = 0;
    if (s.word_count && s.word_count <= 40) {
      size_t common = 0;
      for (uint32_t i = 0; i < s.word_count; ++i) common += in_title(words.hashes[s.first_word + i]);
      match = float(common) / float(std::max<size_t>(s.word_count, 3));
    } else if (s.hash == title.hash && s.foreign) {
      match = 1;
    }
    row(b)[title_match] = match;
    const float rank = match + (blocks[b].level ? 0.3f / blocks[b].level : 0.f) - (slots[slot_of[b]].linked_element ? 0.3f : 0.f);
    if (match > 0.5f && rank > title_best && s.word_count >= 2) title_best = rank, title_at = b;
  }
  if (title_at == n) title_at = first_h1;
  if (title_at < n) title_block = static_cast<uint32_t>(title_at);

  // Blocks that look alike (same container, same parent by tag and class), and copies of the same text.
  const auto alike = [&](uint32_t b) {
    const auto& slot = slots[slot_of[b]];
    const auto& up = slots[slot.parent];
    return uint64_t(slot.signature) << 32 | (up.signature * 31 + slots[up.parent].signature);
  };
  grouped_.by(static_cast<uint32_t>(n), alike, [&](std::span<const uint32_t> group) {
    float mass_sum = 0, linked_sum = 0;
    for (const auto b : group) {
      mass_sum += stats[b].mass;
      linked_sum += stats[b].linked;
    }
    const auto count = float(group.size());
    for (const auto b : group) {
      float* r = row(b);
      r[like_count] = logged(count);
      r[like_mass] = logged(mass_sum / count);
      r[like_link] = ratio(linked_sum, mass_sum);
      r[like_spread] = float(group.back() - group.front()) / float(n);
    }
  });
  grouped_.by(static_cast<uint32_t>(n), [&](uint32_t b) { return stats[b].hash; }, [&](std::span<const uint32_t> group) {
    for (size_t k = 0; k < group.size(); ++k) {
      row(group[k])[copies] = float(std::min<size_t>(group.size(), 20));
      row(group[k])[copy_index] = float(std::min<size_t>(k, 20));
    }
  });

  // Running sums for windows.
  std::vector<float> sums(3 * (n + 1), 0.f);
  for (size_t b = 0; b < n; ++b) {
    const auto& s = stats[b];
    sums[3 * (b + 1)] = sums[3 * b] + s.mass;
    sums[3 * (b + 1) + 1] = sums[3 * b + 1] + s.linked;
    sums[3 * (b + 1) + 2] = sums[3 * b + 2] + (s.mass > 60 && s.ends > 0 && s.linked < 0.4f * s.mass ? s.mass : 0);
  }

  const auto& top = slots[best];
  size_t last_heading = n, last_long = n, h1_seen = n;
  for (size_t b = 0; b < n; ++b) {
    float* r = row(b);
    std::copy(whole.begin() + page_mass, whole.begin() + prior, r + page_mass);
    const auto& s = stats[b];
    const auto& block = blocks[b];
    const auto at = slot_of[b];
    const auto& slot = slots[at];
    r[mass] = logged(s.mass);
    r[feature::words] = float(std::min(s.words, 1000u));
    r[link_density] = ratio(s.linked, s.mass);
    r[links] = float(std::min(s.links, 100u));
    r[stop_ratio] = ratio(float(s.stops), float(s.words));
    r[commas] = float(std::min(s.commas, 50u));
    r[comma_ratio] = ratio(float(s.commas), float(s.words));
    r[ends] = float(std::min(s.ends, 50u));
    r[sentence_words] = ratio(float(s.words), float(s.ends));
    r[word_length] = ratio(s.mass, float(s.words));
    r[digit_ratio] = ratio(float(s.digits), s.mass);
    r[capital_ratio] = ratio(float(s.capitals), float(s.words));
    r[upper_ratio] = ratio(float(s.uppers), float(s.words));
    r[feature::currency] = float(std::min(s.currency, 20u));
    r[separators] = float(std::min(s.separators, 30u));
    r[symbol_ratio] = ratio(float(s.symbols), s.mass);
    r[feature::questions] = float(std::min(s.questions, 10u));
    r[feature::images] = float(std::min(s.images, 10u));
    r[breaks] = float(std::min(s.breaks, 30u));
    r[feature::years] = float(std::min(s.years, 10u));
    r[starts] = s.starts;
    r[last] = s.last;
    r[copyright] = s.copyright;
    r[feature::at] = s.at;
    r[address] = s.address;
    r[kind] = float(block.kind);
    r[level] = block.level;
    r[formulas] = float(std::min(s.formulas, 20u));
    r[foreign_ratio] = ratio(float(s.foreign), float(s.letters));
    r[tag0] = tag_code(tree[slot.node].tag);
    r[tag1] = tag_code(tree[slots[slot.parent].node].tag);
    r[tag2] = tag_code(tree[slots[slots[slot.parent].parent].node].tag);
    r[depth] = slot.depth;
    r[linked_container] = slot.linked_element;
    r[hidden] = slot.hidden;
    widened(r + t_nav, tag_distances_.data() + at * kTagBits, kTagBits);
    widened(r + g_navigation, distances_.data() + at * group::count, group::count);

    // The container, then each ancestor that holds more blocks than the last.
    uint32_t up = at;
    for (size_t k = 0; k < 5; ++k) {
      const auto& a = slots[up];
      float* f = r + a0_share + 6 * k;
      f[0] = a.mass / total;
      f[1] = ratio(a.linked, a.mass);
      f[2] = logged(float(a.blocks));
      f[3] = logged(a.mass / float(a.blocks));
      f[4] = ratio(a.prose, a.mass);
      f[5] = float(slot.depth - a.depth);
      if (k == 1) r[within_a1] = ratio(float(b - a.first_block), float(a.blocks));
      if (k == 2) r[within_a2] = ratio(float(b - a.first_block), float(a.blocks));
      uint32_t next = up;
      while (next != 0 && slots[next].blocks == a.blocks) next = slots[next].parent;
      up = next;
    }

    r[position] = float(b) / float(n);
    r[mass_before] = sums[3 * b] / total;
    r[index] = float(std::min<size_t>(b, 500));
    r[index_end] = float(std::min<size_t>(n - 1 - b, 500));

    // Where the block lies seen from the best root.
    uint32_t here = at, other = best;
    while (here != other) {
      if (slots[here].depth >= slots[other].depth) here = slots[here].parent;
      else other = slots[other].parent;
    }
    r[in_best] = other == best;
    r[best_up] = float(top.depth - slots[here].depth);
    r[best_down] = float(slot.depth - slots[here].depth);
    r[best_share] = top.mass / total;
    r[best_within] = ratio(float(b) - float(top.first_block), float(top.blocks));
    r[nearest_score] = ratio(slots[slot.parent].score, top.score);

    r[h1_before] = h1_seen != n || block.level == 1;
    r[h1_distance] = first_h1 == n ? -600.f : std::clamp(float(b) - float(first_h1), -500.f, 500.f);
    r[title_distance] = title_at == n ? -600.f : std::clamp(float(b) - float(title_at), -500.f, 500.f);
    if (block.level == 1 && h1_seen == n) h1_seen = b;
    r[heading_before] = last_heading == n ? 200.f : float(std::min<size_t>(b - last_heading, 200));
    r[heading_before_level] = last_heading == n ? 0.f : blocks[last_heading].level;
    r[heading_mass] = last_heading == n ? 0.f : logged(sums[3 * b] - sums[3 * last_heading]);
    r[heading_words] = last_heading == n ? 0.f : float(std::min(stats[last_heading].words, 30u));
    if (block.level) last_heading = b;
    r[long_before] = last_long == n ? 200.f : float(std::min<size_t>(b - last_long, 200));
    if (s.mass > 150 && s.linked < 0.3f * s.mass) last_long = b;

    const auto neighbour = [&](size_t base, size_t other_block, bool there) {
      float* f = r + base;
      if (!there) {
        f[0] = -1;
        return;
      }
      const auto& o = stats[other_block];
      f[0] = logged(o.mass);
      f[1] = ratio(o.linked, o.mass);
      f[2] = o.last;
      f[3] = blocks[other_block].level;
      f[4] = ratio(float(o.stops), float(o.words));
      f[5] = slot_of[other_block] == at ? 2.f : slots[slot_of[other_block]].signature == slot.signature ? 1.f : 0.f;
    };
    for (size_t k = 1; k <= 3; ++k) {
      neighbour(p1_mass + 6 * (k - 1), b - k, b >= k);
      neighbour(n1_mass + 6 * (k - 1), b + k, b + k < n);
    }
    const auto window = [&](size_t base, size_t radius) {
      const size_t from = b >= radius ? b - radius : 0, to = std::min(n, b + radius + 1);
      const float m = sums[3 * to] - sums[3 * from];
      r[base] = logged(m);
      r[base + 1] = ratio(sums[3 * to + 1] - sums[3 * from + 1], m);
      r[base + 2] = ratio(sums[3 * to + 2] - sums[3 * from + 2], m);
    };
    window(w5_mass, 5);
    window(w15_mass, 15);
  }
  size_t next_heading = n, next_long = n;
  for (size_t b = n; b-- > 0;) {
    row(b)[heading_after] = next_heading == n ? 200.f : float(std::min<size_t>(next_heading - b, 200));
    row(b)[long_after] = next_long == n ? 200.f : float(std::min<size_t>(next_long - b, 200));
    if (blocks[b].level) next_heading = b;
    if (stats[b].mass > 150 && stats[b].linked < 0.3f * stats[b].mass) next_long = b;
  }
}

}  // namespace millrace::extract
