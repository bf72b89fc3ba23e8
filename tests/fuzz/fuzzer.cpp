// libFuzzer's side: the target that SWARMOUT_FUZZ_TARGET names.

#include "tests/fuzz/targets.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

const swarmout::fuzz::Target& chosen() {
  static const swarmout::fuzz::Target& target = [&]() -> const swarmout::fuzz::Target& {
    const char* const name = std::getenv("SWARMOUT_FUZZ_TARGET");
    for (const auto& each : swarmout::fuzz::targets()) {
      if (name != nullptr && std::string_view(name) == each.name) {
        return each;
      }
    }
    std::fprintf(stderr, "SWARMOUT_FUZZ_TARGET names no target\n");
    std::exit(64);
  }();
  return target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  chosen().run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
