// Names each instance of a parameterised test by its parameter's `name`.

#pragma once

#include <string>

namespace swarmout::test {

inline constexpr auto kNameOf = [](const auto& info) { return std::string(info.param.name); };

}  // namespace swarmout::test
