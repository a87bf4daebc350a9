#include "http/request.h"

#include <algorithm>
#include <fmt/format.h>

#include "http/limits.h"

namespace aipress::http {

Result<std::string> BodyReader::read_all(std::size_t most) {
    std::string body;
    while (true) {
        auto const before = body.size();
        // One byte more than allowed: the end must be seen.
        body.resize(std::min(before + limits::kPieceBytes, most + 1));
        auto const count = TRY(read(std::span(body.data() + before, body.size() - before)));
        body.resize(before + count);
        if (count == 0) return body;
        if (body.size() > most) {
            return Error(ErrorCode::ResourceExhausted,
                         fmt::format("the request's body is longer than {} bytes", most));
        }
    }
}

}  // namespace aipress::http
