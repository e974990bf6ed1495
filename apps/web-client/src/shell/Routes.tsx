import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { NotFound } from './NotFound.tsx';

const StartPage = lazy(() => import('../participant/StartPage.tsx'));
const JoinPage = lazy(() => import('../participant/JoinPage.tsx'));
const BenchPage = lazy(() => import('../bench/BenchPage.tsx'));
const RunsPage = lazy(() => import('../operator/runs/RunsPage.tsx'));
const CreatePage = lazy(() => import('../operator/create/CreatePage.tsx'));
const RunPage = lazy(() => import('../operator/run/RunPage.tsx'));

/** Each page is its own chunk: a participant's phone never loads the operator's charts. */
export function Routes() {
  return (
    <Suspense fallback={<PageLoading />}>
      <Switch>
        <Route path="/" component={StartPage} />
        <Route path="/join/:run" component={JoinPage} />
        <Route path="/bench" component={BenchPage} />
        <Route path="/operator" component={RunsPage} />
        <Route path="/operator/new" component={CreatePage} />
        <Route path="/operator/runs/:run" component={RunPage} />
        <Route component={NotFound} />
      </Switch>
    </Suspense>
  );
}
