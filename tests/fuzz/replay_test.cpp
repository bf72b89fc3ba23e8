// Every input that is kept, every file that the formats' tests have, and some thousand damaged copies of them, are read
// by every target: quick enough for each run. scripts/fuzz looks for new ones.

#include "common/base/files.hpp"
#include "tests/fuzz/targets.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <vector>

namespace swarmout::fuzz {

namespace {

constexpr std::size_t kMostSeed = 64 * kKiB;
constexpr int kDamaged = 200;  // of each seed

std::vector<std::string> files_below(const Path& root, const std::string& beginning) {
  std::vector<std::string> contents;
  std::error_code none;
  for (const auto& each : std::filesystem::recursive_directory_iterator(root, none)) {
    const std::string name = each.path().lexically_relative(root).native();
    if (each.is_regular_file() && name.starts_with(beginning)) {
      contents.push_back(read_file(each.path(), 16 * kMiB).value_or(""));
    }
  }
  return contents;
}

class Damage {
public:
  std::string of(std::string text) {
    for (std::size_t times = 1 + up_to(4); times > 0; --times) {
      once(text);
    }
    return text;
  }

private:
  std::size_t up_to(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void once(std::string& text) {
    static const std::vector<std::string> telling = {"18446744073709551615",
                                                     "-1",
                                                     "0",
                                                     "9223372036854775807",
                                                     "4294967296",
                                                     "../../../x",
                                                     "%00",
                                                     "\n",
                                                     std::string(1, '\0'),
                                                     "\xff\xff\xff\xff\xff\xff\xff\x7f",
                                                     "1e999",
                                                     "{}",
                                                     "null",
                                                     std::string(9000, 'a')};
    const std::size_t at = up_to(text.size() + 1);
    switch (up_to(6)) {
      case 0:
        return void(text.resize(at));
      case 1:
        return void(text.insert(at, telling[up_to(telling.size())]));
      case 2:
        return void(text.erase(at, 1 + up_to(16)));
      case 3:
        return void(text.insert(at, text.substr(up_to(text.size() + 1), up_to(200))));
      case 4:
        if (at < text.size()) {
          text[at] = static_cast<char>(random_());
        }
        return;
      default:
        if (at < text.size()) {
          text[at] = static_cast<char>(text[at] ^ (1 << up_to(8)));
        }
    }
  }

  std::mt19937_64 random_{20261128};
};

class FuzzTarget : public testing::TestWithParam<Target> {};

}  // namespace

TEST_P(FuzzTarget, ReadsWhatEverFailedAndDamagedCopiesOfWhatIsGood) {
  const Target& target = GetParam();
  std::vector<std::string> inputs = files_below(SWARMOUT_TEST_DATA, target.seeds);
  const auto kept = files_below(SWARMOUT_FUZZ_CORPUS, std::string(target.name) + "/");
  inputs.insert(inputs.end(), kept.begin(), kept.end());
  ASSERT_FALSE(inputs.empty()) << "nothing to begin with";

  target.run("");
  Damage damage;
  for (const std::string& input : inputs) {
    target.run(input);
    for (int i = 0; i < kDamaged && input.size() <= kMostSeed; ++i) {
      target.run(damage.of(input));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, FuzzTarget, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace swarmout::fuzz
