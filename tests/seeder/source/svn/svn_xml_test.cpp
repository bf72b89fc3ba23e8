#include "seeder/source/svn/svn_xml.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

/// What is taken of a text that comes in pieces of that size; or the error.
std::string taken(const std::string& text, std::size_t piece = 1) {
  std::string found;
  SvnXml xml([&](const SvnTag& tag) -> Result<void> {
    found += '[' + tag.text + (tag.opens ? "<" : "") + tag.name + (tag.closes ? ">" : "");
    for (const auto& [key, value] : tag.attributes) {
      found += ' ' + key + '=' + value;
    }
    found += ']';
    return {};
  });
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (const auto fed = xml.feed(std::string_view(text).substr(at, piece)); !fed) {
      return "error";
    }
  }
  return xml.finish() ? found : "error";
}

}  // namespace

TEST(SvnXmlTest, TagsTextsAndAttributesAreTheSameInWhateverPiecesTheyCome) {
  const std::string text =
      "<?xml version=\"1.0\"?>\n<a\n   p=\"x/&quot;&lt;&gt;&amp;&apos;&#13;\"\n   q='>'><b>t&amp;t</b><c/></a>\n";
  const std::string expected = "[<a p=x/\"<>&'\r q=>][<b][t&tb>][<c>][a>]";

  std::string found = taken(text);
  for (std::size_t at = found.find('\n'); at != std::string::npos; at = found.find('\n')) {
    found.erase(at, 1);
  }
  EXPECT_EQ(found, expected);
  for (const std::size_t piece : {2U, 7U, 64U, 1000U}) {
    EXPECT_EQ(taken(text, piece), taken(text)) << piece;
  }
}

TEST(SvnXmlTest, WhatSvnDoesNotPrintIsRefused) {
  for (const char* const each : {"", "<a>", "</a>", "<a b></a>", "<a b=></a>", "<a>&x;</a>", "<a>&#999;</a>",
                                 "<a>&lt</a>", "<></a>", "<a", "no tag"}) {
    EXPECT_EQ(taken(each), "error") << each;
  }
  EXPECT_EQ(taken("<a b='" + std::string(2 << 20, 'x'), 1000), "error");
}

}  // namespace swarmout::test
