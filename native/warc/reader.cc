#include "native/warc/reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace millrace::warc {
namespace {

constexpr size_t kMaxHead = 64 << 10;

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// A line `WARC/` digit `.` digits, and nothing else.
bool is_version(std::string_view line) {
  return line.size() >= 8 && line.size() <= 12 && line.starts_with("WARC/") && is_digit(line[5]) && line[6] == '.' &&
         std::all_of(line.begin() + 7, line.end(), is_digit);
}

// Up to 15 digits, so that it is exact as a double too; no sign.
bool parse_length(std::string_view text, uint64_t& value) {
  if (text.empty() || text.size() > 15 || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return true;
}

RecordType type_of(std::string_view name) {
  constexpr std::string_view names[] = {"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"};
  for (size_t i = 0; i < std::size(names); ++i)
    if (equal_ignoring_case(name, names[i])) return static_cast<RecordType>(i);
  return RecordType::other;
}

// The `count` fields of an ARC line, split from its end: only the URL, which comes first, may hold spaces. False where it is no ARC line.
bool arc_line(std::string_view line, size_t count, std::string_view* fields, uint64_t& length) {
  if (!starts_record(line) || line.starts_with("WARC/")) return false;
  for (size_t i = count - 1; i > 0; --i) {
    const size_t space = line.rfind(' ');
    if (space == std::string_view::npos) return false;
    fields[i] = line.substr(space + 1);
    line = line.substr(0, space);
  }
  fields[0] = line;
  return parse_length(fields[count - 1], length) && fields[2].size() == 14 && std::all_of(fields[2].begin(), fields[2].end(), is_digit);
}

}  // namespace

std::string_view find(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers)
    if (equal_ignoring_case(header.name, name)) return header.value;
  return {};
}

bool starts_record(std::string_view content) {
  if (content.starts_with("WARC/")) return true;
  size_t at = 0;
  while (at < content.size() && at < 20 && (is_letter(content[at]) || (at > 0 && (is_digit(content[at]) || content[at] == '-' || content[at] == '+')))) ++at;
  return at > 0 && at < content.size() && content[at] == ':';
}

std::string quoted(std::string_view text, size_t limit) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, limit)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c < 127) {
      out += c;
    } else {
      out += "\\u00";
      out += digits[static_cast<uint8_t>(c) >> 4];
      out += digits[c & 15];
    }
  }
  return out + '"';
}

size_t parse_headers(std::string_view text, std::vector<Header>& headers) {
  headers.clear();
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line == "\r") return at;
    if ((line[0] == ' ' || line[0] == '\t') && !headers.empty()) {
      std::string_view& value = headers.back().value;
      line = trim(line);
      if (line.empty()) continue;
      value = value.empty() ? line : std::string_view(value.data(), static_cast<size_t>(line.data() + line.size() - value.data()));
      continue;
    }
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && colon > 0) headers.push_back({trim(line.substr(0, colon)), trim(line.substr(colon + 1))});
  }
  return std::string_view::npos;
}

Reader::Reader(ByteSource& source, const Options& options) : members_(source, options.compression, options.max_expansion), options_(options) {
  members_.seek(options.from);
}

Reader::Result Reader::fail(const char* code, std::string message) {
  failure_ = {code, std::move(message)};
  return Result::failure;
}

// Told at the place of the record that was being read.
Reader::Result Reader::member_broke() {
  failure_ = members_.failure();
  in_member_ = false;
  resync_ = true;
  return Result::failure;
}

// As Members::ensure, but into the next members.
size_t Reader::need(size_t size) {
  size_t got = members_.ensure(size);
  while (got < size && members_.extend(record_.arc)) got = members_.ensure(size);
  return got;
}

bool Reader::skip_blank() {
  for (;;) {
    if (members_.ensure(1) == 0) return false;
    const std::string_view view = members_.view();
    size_t blank = 0;
    while (blank < view.size() && (view[blank] == '\n' || view[blank] == '\r')) ++blank;
    members_.consume(blank);
    if (blank < view.size()) return true;
  }
}

bool Reader::skip(uint64_t size) {
  while (size > 0) {
    const size_t got = std::min<uint64_t>(need(1), size);
    if (got == 0) return false;
    members_.consume(got);
    size -= got;
  }
  return true;
}

// To the next line that begins a record; false at the end of the member.
bool Reader::to_next_record() {
  bool line_start = true;
  for (;;) {
    members_.ensure(kMaxHead);
    const std::string_view view = members_.view();
    if (view.empty()) return false;
    size_t at = 0;
    while (at < view.size()) {
      if (line_start) {
        const size_t end = view.find('\n', at);
        // A line that is not whole in hand is looked at again with more behind it, if it may be one that counts.
        if (end == std::string_view::npos && at > 0 && !members_.over() && view.size() - at < 8192) break;
        const std::string_view line = trim(view.substr(at, end == std::string_view::npos ? end : end - at));
        std::string_view fields[10];
        uint64_t length;
        if (record_.arc ? arc_line(line, arc_fields_, fields, length) : is_version(line)) {
          members_.consume(at);
          return true;
        }
      }
      const size_t end = view.find('\n', at);
      line_start = end != std::string_view::npos;
      at = line_start ? end + 1 : view.size();
    }
    members_.consume(at);
  }
}

Reader::Result Reader::next() {
  failure_ = {};
  if (resync_) {
    resync_ = false;
    if (in_member_ ? !to_next_record() : !members_.recover()) {
      if (in_member_ && members_.failure()) {
        record_.member = members_.offset();
        record_.inner = members_.position();
        return member_broke();
      }
      if (!in_member_ || members_.error()) return Result::end;
    }
  }
  for (;;) {
    if (!in_member_) {
      if (!members_.next()) return Result::end;
      in_member_ = true;
      record_.member = members_.offset();
      record_.inner = 0;
      if (options_.compression != Compression::none && members_.offset() >= options_.to) return in_member_ = false, Result::end;
      if (members_.failure()) return member_broke();
      if (!began_ && options_.inner) skip(options_.inner);
      began_ = true;
    }
    const bool more = skip_blank();
    record_.inner = members_.position();
    if (members_.error()) return Result::end;
    if (more) break;
    if (members_.failure()) return member_broke();
    in_member_ = false;
    if (options_.compression == Compression::none) return Result::end;
  }
  if (options_.compression == Compression::none && record_.offset() >= options_.to) return Result::end;

  size_t in_hand = std::min<size_t>(members_.ensure(512), kMaxHead);
  size_t end = members_.view().substr(0, in_hand).find('\n');
  if (end == std::string_view::npos) {
    in_hand = std::min(need(kMaxHead), kMaxHead);
    end = members_.view().substr(0, in_hand).find('\n');
  }
  if (members_.error()) return Result::end;
  const std::string_view line = trim(members_.view().substr(0, std::min(end, in_hand)));
  if (is_version(line)) return read_warc();
  if (end != std::string_view::npos) {
    if (const Result result = read_arc(line); result != Result::end) return result;
  }
  if (members_.failure()) return member_broke();
  resync_ = true;
  return fail("WARC_VERSION", "expected a line WARC/1.0 or WARC/1.1, found " + quoted(line));
}

Reader::Result Reader::read_warc() {
  // The empty line that ends the head, within 64 KiB.
  size_t head = 0;
  for (size_t wanted = 4096; head == 0; wanted = kMaxHead) {
    if (wanted == kMaxHead) {
      need(wanted);
    } else {
      members_.ensure(wanted);
    }
    const std::string_view view = members_.view().substr(0, kMaxHead);
    for (size_t at = view.find('\n'); at != std::string_view::npos; at = view.find('\n', at + 1)) {
      if (view.substr(at + 1, 1) == "\n") head = at + 2;
      if (view.substr(at + 1, 2) == "\r\n") head = at + 3;
      if (head) break;
    }
    if (wanted == kMaxHead) break;
  }
  if (members_.error()) return Result::end;
  if (head == 0) {
    if (members_.failure()) return member_broke();
    resync_ = true;
    members_.consume(std::min<size_t>(5, members_.view().size()));
    return fail("WARC_HEADERS", "expected headers and an empty line within 64 KiB, found neither");
  }
  const auto parse = [&] {
    const std::string_view text = members_.view().substr(0, head);
    parse_headers(text.substr(text.find('\n') + 1), record_.headers);
    record_.arc = false;
    record_.type_name = find(record_.headers, "WARC-Type");
    record_.type = type_of(record_.type_name);
    record_.uri = find(record_.headers, "WARC-Target-URI");
    if (record_.uri.size() > 1 && record_.uri.front() == '<' && record_.uri.back() == '>') record_.uri = record_.uri.substr(1, record_.uri.size() - 2);
    record_.date = find(record_.headers, "WARC-Date");
    record_.media = find(record_.headers, "Content-Type");
  };
  parse();
  const std::string_view length = find(record_.headers, "Content-Length");
  if (!parse_length(length, record_.length)) {
    const std::string found = quoted(length);
    members_.consume(head);
    resync_ = true;
    return fail("WARC_LENGTH", "expected Content-Length with a number, found " + found);
  }
  const Result result = read_block(head);
  if (result == Result::record && record_.held) {
    // The window may have moved while the block was read.
    parse();
    record_.block = members_.view().substr(head, record_.length);
    members_.consume(head + record_.length);
  }
  return result;
}

Reader::Result Reader::read_arc(std::string_view line) {
  std::string_view fields[10];
  bool own = line.starts_with("filedesc:");
  if (!arc_line(line, arc_fields_, fields, record_.length)) {
    if (!own) return Result::end;
    // A file's description has the fields of version 1, or those that it lists itself.
    if (!arc_line(line, 5, fields, record_.length) && !arc_line(line, 10, fields, record_.length)) return Result::end;
  }
  const size_t head = members_.view().find('\n') + 1;
  const size_t begin = static_cast<size_t>(line.data() - members_.view().data()), size = line.size();
  const auto parse = [&] {
    std::string_view now[10];
    uint64_t length;
    const std::string_view text = members_.view().substr(begin, size);
    if (!arc_line(text, arc_fields_, now, length) && !arc_line(text, 5, now, length)) arc_line(text, 10, now, length);
    record_.arc = true;
    record_.headers.clear();
    record_.type = own ? RecordType::warcinfo : RecordType::response;
    record_.type_name = own ? "warcinfo" : "response";
    record_.uri = now[0];
    record_.date = now[2];
    record_.media = now[3];
  };
  parse();
  const Result result = read_block(head);
  if (result == Result::record && record_.held) {
    parse();
    record_.block = members_.view().substr(head, record_.length);
    members_.consume(head + record_.length);
    if (own) {
      // Its second line names the fields: `URL IP-address Archive-date Content-type Archive-length` in version 1.
      const size_t line_end = record_.block.find('\n');
      if (line_end != std::string_view::npos) {
        const std::string_view names = trim(record_.block.substr(line_end + 1, record_.block.find('\n', line_end + 1) - line_end - 1));
        const size_t count = static_cast<size_t>(std::count(names.begin(), names.end(), ' ')) + 1;
        if (equal_ignoring_case(names.substr(0, 4), "URL ") && count >= 5 && count <= 10) arc_fields_ = count;
      }
    }
  }
  return result;
}

// Holds head and block, or skips them where the block is not wanted or above the cap.
Reader::Result Reader::read_block(size_t head) {
  record_.block = {};
  record_.held = false;
  const uint64_t length = record_.length;
  const auto truncated = [&](uint64_t found) {
    if (members_.failure()) return member_broke();
    if (members_.error()) return Result::end;
    return fail("WARC_TRUNCATED", "expected " + std::to_string(length) + " bytes of content, found " + std::to_string(found) + " before the end");
  };
  const bool own = record_.arc && record_.type == RecordType::warcinfo;
  const bool wanted = !options_.wanted || own || options_.wanted(record_);
  if (!wanted || length > options_.max_block) {
    members_.ensure(head + std::min<uint64_t>(length, 4096));
    if (wanted) {
      members_.consume(head);
      const uint64_t before = members_.position();
      if (!skip(length)) return truncated(members_.position() - before);
      return fail("DOCUMENT_TOO_LARGE", "expected at most " + std::to_string(options_.max_block) + " bytes (maxDocumentBytes), found " +
                                            std::to_string(length));
    }
    // The views of the head end here; what a caller reads of a record that it did not want are its type, offset and length.
    record_.headers.clear();
    record_.uri = record_.date = record_.media = {};
    record_.type_name = {};
    members_.consume(head);
    const uint64_t before = members_.position();
    if (!skip(length)) return truncated(members_.position() - before);
    return Result::record;
  }
  // With the empty lines behind it: where the member ends there, its checksum has been compared.
  size_t got = members_.ensure(head + length + 5);
  if (got < head + length) got = need(head + length);
  if (members_.error()) return Result::end;
  if (got < head + length) {
    const uint64_t found = got > head ? got - head : 0;
    members_.consume(got);
    return truncated(found);
  }
  if (members_.failure() && got < head + length + 5) {
    members_.consume(got);
    return member_broke();
  }
  record_.held = true;
  return Result::record;
}

}  // namespace millrace::warc
