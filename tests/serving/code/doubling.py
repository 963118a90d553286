"""A model that is logged as code: twice of `x`."""

import mlflow


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["x"] * 2).tolist()


mlflow.models.set_model(Doubling())
