"""``POST /v1/analyze``: what the model says of texts that are not stored."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.analyze_schemas import AnalysisOut, AnalyzeIn, AnalyzeOut
from api.service import Service, service_of
from pipeline.analyze import analysis_as_json
from pipeline.errors import BadRequest

router = APIRouter(tags=["language model"])


@router.post("/analyze", response_model=AnalyzeOut)
def post_analyze(request: Request, body: AnalyzeIn) -> Response:
    """Return sentiment, emotion, flags and mentions of each text; nothing is stored or logged."""
    service = service_of(request)
    pairs = body.pairs()
    given = next(name for name in ("items", "texts", "text") if getattr(body, name) is not None)
    _require_few(service, pairs, parameter=given)
    predictions = service.analyzer.analyze([text for _, text in pairs])
    results = [
        AnalysisOut.model_validate(analysis_as_json(id_, text, prediction, service.analyzer.levels))
        for (id_, text), prediction in zip(pairs, predictions, strict=True)
    ]
    return Response(AnalyzeOut(results=results).model_dump_json(), media_type="application/json")


def _require_few(service: Service, pairs: Sequence[tuple[str, str]], *, parameter: str) -> None:
    """As much is asked as one request may hold a thread of the service for."""
    n_chars = sum(len(text) for _, text in pairs)
    if len(pairs) > service.max_analyze_texts:
        given, limit, what = len(pairs), service.max_analyze_texts, "texts"
    elif n_chars > service.max_analyze_chars:
        given, limit, what = n_chars, service.max_analyze_chars, "characters"
    else:
        return
    message = f"{given} {what} were given, at most {limit} are taken at once; send several requests"
    raise BadRequest(message, parameter=parameter)
