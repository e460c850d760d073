// Rae et al. 2021 (Gopher) appendix A1.1 as datatrove 0.10 has it, FineWeb's own rules (datatrove, fineweb_quality_filter.py) and rules
// for source code after StarCoder2 (arXiv 2402.19173, section 3). Thresholds stand in pipelines/filter/profiles.ts.
#include "native/text/rules.h"

namespace millrace::text {

std::span<const Rule> rules() {
  using enum Drops;
  static constexpr Rule table[] = {
      {"empty", "empty", kCharacters, below},
      {"dup_para_frac", "dup_para_frac", kDupParagraphs, above},
      {"dup_para_char_frac", "dup_para_char_frac", kDupParagraphCharacters, above},
      {"dup_line_frac", "dup_line_frac", kDupLines, above},
      {"dup_line_char_frac", "dup_line_char_frac", kDupLineCharacters, above},
      {"top_2_gram", "top_2_gram", kTop2Gram, above},
      {"top_3_gram", "top_3_gram", kTop3Gram, above},
      {"top_4_gram", "top_4_gram", kTop4Gram, above},
      {"duplicated_5_n_grams", "duplicated_5_n_grams", kDup5Grams, above},
      {"duplicated_6_n_grams", "duplicated_6_n_grams", kDup6Grams, above},
      {"duplicated_7_n_grams", "duplicated_7_n_grams", kDup7Grams, above},
      {"duplicated_8_n_grams", "duplicated_8_n_grams", kDup8Grams, above},
      {"duplicated_9_n_grams", "duplicated_9_n_grams", kDup9Grams, above},
      {"duplicated_10_n_grams", "duplicated_10_n_grams", kDup10Grams, above},

      {"gopher_short_doc", "gopher_short_doc", kRealWords, below},
      {"gopher_long_doc", "gopher_long_doc", kRealWords, above},
      {"gopher_below_avg_threshold", "gopher_below_avg_threshold", kMeanWordLength, below},
      {"gopher_above_avg_threshold", "gopher_above_avg_threshold", kMeanWordLength, above},
      // Without words the ratios below have no value; datatrove divides by zero there.
      {"gopher_no_words", "gopher_no_words", kWords, below},
      {"gopher_too_many_hashes", "gopher_too_many_hashes", kHashRatio, above},
      {"gopher_too_many_ellipsis", "gopher_too_many_ellipsis", kEllipsisRatio, above},
      {"gopher_too_many_bullets", "gopher_too_many_bullets", kBulletLines, above},
      {"gopher_too_many_end_ellipsis", "gopher_too_many_end_ellipsis", kEllipsisLines, above},
      {"gopher_below_alpha_threshold", "gopher_below_alpha_threshold", kAlphabeticWords, below},
      {"gopher_enough_stop_words", "gopher_enough_stop_words", kStopWords, below},

      {"fineweb_empty", "empty", kTextLines, below},
      {"line_punct_ratio", "line_punct_ratio", kTerminalLines, below},
      {"short_line_ratio", "short_line_ratio", kShortLines, above},
      {"char_dup_ratio", "char_dup_ratio", kDupTextCharacters, above},
      {"list_ratio", "list_ratio", kNewlinesPerWord, above},

      {"code_many_lines", "code_many_lines", kLines, above},
      {"code_long_line", "code_long_line", kLongestLine, above},
      {"code_long_mean_line", "code_long_mean_line", kMeanLine, above},
      {"code_generated", "code_generated", kGenerated, above},
      {"code_few_letters", "code_few_letters", kLetterShare, below},
      {"code_few_alphanumerics", "code_few_alphanumerics", kAlphanumericShare, below},
      {"code_encoded_data", "code_encoded_data", kEncodedRun, above},

      // datatrove's C4ParagraphFilter, after mC4: three lines of 200 characters.
      {"c4_paragraphs", "< 3 paragraphs", kThirdLine, below},

      {"short_text", "short_text", kCharacters, below},
  };
  return table;
}

}  // namespace millrace::text
