"""What patients open without an account, below /x/."""

from django.urls import path

from outcomes.views import answering

urlpatterns = [path("<slug:token>/", answering.experience_link, name="experience_link")]
