#include "seeder/sealed_release.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<SignedDescriptor> sign(Descriptor descriptor, const Signer& signer) {
  SignedDescriptor release;
  release.text = encode(descriptor);
  TRY_ASSIGN(release.signature,
             signer.sign(release.text, fmt::format("swarmout release {}", descriptor.position.value)));
  release.descriptor = std::move(descriptor);
  return release;
}

}  // namespace swarmout
