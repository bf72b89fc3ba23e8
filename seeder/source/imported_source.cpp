#include "seeder/source/imported_source.hpp"

#include "common/archive/imports.hpp"

namespace swarmout {

namespace {

class ImportedSource final : public Source {
public:
  explicit ImportedSource(Store store) : store_(std::move(store)) {}

  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token) override {
    TRY_ASSIGN(chosen_, find_import(store_, wanted));
    return std::optional(chosen_->descriptor.revision);
  }
  std::optional<SignedDescriptor> packed() const override { return chosen_; }
  Result<void> stream(const std::string& revision, TreeSink&, std::stop_token) override {
    return fail(ErrorCode::not_found, "\"" + revision + "\" was not resolved to a release that was imported");
  }

private:
  Store store_;
  std::optional<SignedDescriptor> chosen_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_imported_source(const Path& state) {
  Store store = Store::open_to_read(state);
  TRY(find_import(store, {}));  // else every host of a fleet would want to lead with nothing to publish
  return std::make_unique<ImportedSource>(std::move(store));
}

}  // namespace swarmout
