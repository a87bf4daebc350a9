#include "sandbox/telemetry/positions.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kPositions = "telemetry_positions";  // by reader

}  // namespace

Outcome<Positions> read_positions(Store const& store, std::string_view reader) {
    return read<Positions>(store, [&](Transaction& transaction) -> Outcome<Positions> {
        Positions positions;
        auto const document = TRY(transaction.get(kPositions, reader));
        if (!document) return positions;
        for (auto const& [file, offset] : document->body.as_object()) {
            positions[file] = offset.to_number<std::uint64_t>();
        }
        return positions;
    });
}

Outcome<Done> write_positions(Transaction& transaction, std::string_view reader,
                              Positions const& positions) {
    json::object body;
    for (auto const& [file, offset] : positions) body[file] = offset;
    if (TRY(transaction.get(kPositions, reader))) {
        TRY(transaction.update(kPositions, reader, std::nullopt, body));
    } else {
        TRY(transaction.insert(kPositions, reader, body));
    }
    return Done();
}

}  // namespace aipress::sandbox
