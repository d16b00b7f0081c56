"""``POST /v1/analyze``: what the model says of texts that are not stored."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.analyze_schemas import AnalysisOut, AnalyzeIn, AnalyzeOut
from api.service import service_of
from pipeline.analyze import analysis_as_json
from pipeline.errors import BadRequest

router = APIRouter(tags=["language model"])


@router.post("/analyze", response_model=AnalyzeOut)
def post_analyze(request: Request, body: AnalyzeIn) -> Response:
    """Return sentiment, emotion, flags and mentions of each text; nothing is stored or logged."""
    service = service_of(request)
    pairs = body.pairs()
    if len(pairs) > service.max_analyze_texts:
        raise BadRequest(
            f"{len(pairs)} texts were given, at most {service.max_analyze_texts} are taken at once; send several requests",
            parameter="items" if body.items is not None else "texts",
        )
    predictions = service.analyzer.analyze([text for _, text in pairs])
    results = [
        AnalysisOut.model_validate(analysis_as_json(id_, text, prediction, service.analyzer.levels))
        for (id_, text), prediction in zip(pairs, predictions, strict=True)
    ]
    return Response(AnalyzeOut(results=results).model_dump_json(), media_type="application/json")
