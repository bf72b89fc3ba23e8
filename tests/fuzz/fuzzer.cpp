// libFuzzer's side: the target that SWARMOUT_FUZZ_TARGET names. Without one, all of them are listed, each with what it
// begins with.

#include "tests/fuzz/targets.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

const swarmout::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  GTEST_FLAG_SET(break_on_failure, true);  // what the tests' helpers expect is a promise, too
  const char* const name = std::getenv("SWARMOUT_FUZZ_TARGET");
  for (const auto& each : swarmout::fuzz::targets()) {
    if (name == nullptr) {
      std::printf("%s %s\n", each.name, each.seeds);
    } else if (std::string_view(name) == each.name) {
      chosen = &each;
    }
  }
  if (chosen == nullptr) {
    std::exit(name == nullptr ? 0 : 64);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
