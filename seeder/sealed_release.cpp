#include "seeder/sealed_release.hpp"

#include <fmt/format.h>

namespace swarmout {

SignedDescriptor sign(Descriptor descriptor, const SigningKey& key) {
  SignedDescriptor release;
  release.text = encode(descriptor);
  release.signature = key.sign(release.text, fmt::format("swarmout release {}", descriptor.position.value));
  release.descriptor = std::move(descriptor);
  return release;
}

}  // namespace swarmout
