#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "native/extract/metadata_linked.h"
#include "native/extract/metadata_signals.h"

namespace millrace::extract {

// The parts of metadata that need judgement: several places of a page name a title, an author or a day, and disagree.

struct Sources {
  const Page& page;
  const Signals& signals;
  const Linked& linked;
  std::string_view url;  // of the page; empty where unknown
  std::string site;      // the site's name as far as it is declared
  bool day_first = false;
};

struct Title {
  std::string text;
  NodeId heading = kNoNode;  // the h1 that is the page's own heading, whether or not it became the title
  std::string site;          // what was cut off a title element as the site's name
};

// The page's own title: its heading where title element and heading agree, else the likelier one, without the site's name.
Title choose_title(const Sources& sources);

// What elements by class, position and wording say of author and day, best first.
struct Bylines {
  struct Author {
    std::string name;
    int score = 0;
  };
  struct Day {
    Date date;
    int score = 0;
    bool modified = false;
  };
  std::vector<Author> authors;
  std::vector<Day> days;
};
// `authors` false leaves authors out; with `days` false days are looked for near the heading alone.
void find_bylines(const Sources& sources, NodeId heading, bool authors, bool days, Bylines& out);

// A name as it stands: without "By", dates, addresses and marks around it. Empty where it is none.
std::string clean_author(std::string_view text);

// The author that JSON-LD or meta elements name; score 0 where they name none. From kCertain on no byline can outweigh it.
inline constexpr int kCertain = 84;
Bylines::Author declared_author(const Sources& sources);
Date declared_date(const Sources& sources);

std::string choose_author(const Sources& sources, const Bylines::Author& declared, const Bylines& bylines);
Date choose_date(const Sources& sources, const Bylines& bylines);

// Registered name of a host as one word without its suffix, for comparison with names of sites: "https://blog.my-site.co.uk/x" -> "mysite".
std::string site_word(std::string_view url);

}  // namespace millrace::extract
